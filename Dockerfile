# Image of the workers: docker build -t deep-research-worker .
# With the browser and ffmpeg, for workers that serve tools: docker build --target tools -t deep-research-tools .
# BASE: Node and npm on Debian; another registry's copy, or an image of one's own, will do.
ARG BASE=node:24.21.0-bookworm-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The install scripts fetch nothing that is needed here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund
# Temporal's native part comes for every machine there is; the image keeps its own.
RUN find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM ${BASE} AS worker
# Folders of this user's own, so that volumes mounted there are too.
RUN groupadd --gid 10002 research \
  && useradd --uid 10002 --gid 10002 --home-dir /state --no-create-home --shell /usr/sbin/nologin research \
  && install -d -o research -g research -m 0700 /state /store /cache /batches
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/bin ./bin
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production DEEP_RESEARCH_STATE_DIR=/state DEEP_RESEARCH_LOG_FORMAT=json
USER research
CMD ["node", "dist/worker/main.js"]
# Whether this very container polls its queues.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 \
  CMD ["node", "bin/deep-research.js", "doctor", "--mine"]

FROM worker AS tools
USER root
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium ffmpeg fonts-noto-cjk \
  && rm -rf /var/lib/apt/lists/*
USER research

# The default: the small one.
FROM worker
