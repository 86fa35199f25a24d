# One image for both roles: the API (the default command) and a worker (node dist/workers/main.js).

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY routes routes
COPY workers workers
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
# Other machines reach the API of a container, so it asks for keys: give it ADMIN_KEY or ADMIN_KEY_FILE.
ENV NODE_ENV=production HOST=0.0.0.0 AUTH=keys
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY scripts/health.mjs scripts/health.mjs
USER node
EXPOSE 3000
# Sees by itself which of the two roles runs.
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s --retries=4 CMD ["node", "scripts/health.mjs"]
# Node itself is process 1 and gets the SIGTERM; npm in between would keep it.
CMD ["node", "dist/src/server.js"]
