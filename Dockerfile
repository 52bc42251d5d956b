# The application of docker-compose.yaml. A base with glibc: the pinned Node of package-lock.json is what runs in it.
FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY bin bin
COPY pipeline pipeline
COPY schemas schemas
COPY src src
COPY stack/app stack/app
COPY web web
# A volume that is mounted there first gets this owner.
RUN install --directory --owner=node --group=node --mode=700 /var/lib/loanstream
USER node
ENV PATH=/app/bin:$PATH LOANSTREAM_DATA_DIR=/var/lib/loanstream/data
EXPOSE 8080
CMD ["stack/app/start.sh"]
