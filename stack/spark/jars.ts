/** Prints the folder of Spark's jars. */
import { defaultCacheDir } from "../maven.ts";
import { sparkJars } from "../spark.ts";

console.log(await sparkJars(defaultCacheDir(process.env)));
