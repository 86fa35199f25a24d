# One image with the command line: docker run IMAGE api (the default), worker, doctor, submit ...

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY routes routes
COPY workers workers
COPY dashboard dashboard
COPY scripts/dashboard.mjs scripts/
RUN npm run build && npm prune --omit=dev \
  # Types and source maps of packages: nothing reads them at run time.
  && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

FROM node:24-bookworm-slim
ARG VERSION=0.1.0 REVISION=unknown
LABEL org.opencontainers.image.title="Millrace" \
  org.opencontainers.image.description="A job service over HTTP, carried by Redis Streams." \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="docker.io/library/node:24-bookworm-slim"
# It listens on all addresses of the container, so every request needs a key: docs/how-to/security.md.
ENV NODE_ENV=production HOST=0.0.0.0 AUTH=keys
WORKDIR /app
# Volumes for secrets take their owner from these folders.
RUN install -d -o 1000 -g 1000 /run/millrace/api /run/millrace/client /run/millrace/redis
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY scripts/health.mjs scripts/compose-secrets.mjs scripts/entry.sh scripts/
# The user `node`; Kubernetes wants its number to see that it is not root.
USER 1000:1000
EXPOSE 3000
# Sees by itself which of the two roles runs.
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s --retries=4 CMD ["node", "scripts/health.mjs"]
# It becomes Node itself, which is process 1 then and gets the SIGTERM.
ENTRYPOINT ["/app/scripts/entry.sh"]
CMD ["api"]
