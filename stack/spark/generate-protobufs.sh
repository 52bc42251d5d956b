#!/bin/sh
# Writes src/engine/spark/connect/generated/ anew from the protobufs inside Spark's own jar: of 4.2, which speaks to
# 3.5 as well. JavaScript with declarations, since protobuf-es' TypeScript has enums, which type stripping refuses.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd -P)
out=$root/src/engine/spark/connect/generated
protos=$(mktemp -d)
trap 'rm -rf "$protos"' EXIT

mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  -Dartifact=org.apache.spark:spark-connect_2.13:4.2.0 -DoutputDirectory="$protos"
unzip -q "$protos"/spark-connect_*.jar 'spark/connect/*.proto' 'google/rpc/error_details.proto' -d "$protos"
rm "$protos/spark/connect/example_plugins.proto"
cat >"$protos/buf.gen.yaml" <<EOF
version: v2
clean: true
plugins:
  - local: protoc-gen-es
    out: $out
    opt: [target=js+dts, import_extension=js]
EOF
# The generator's version is the one of @bufbuild/protobuf in package.json.
cd "$protos"
PATH="$root/node_modules/.bin:$PATH"
npm exec --loglevel=error --yes --package=@bufbuild/buf@1.75.0 --package=@bufbuild/protoc-gen-es@2.17.0 -- buf generate
