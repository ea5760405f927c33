import { choice, secret, text, textOr } from '../variable.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export const LOG_FORMATS = ['auto', 'text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

const readElsewhere = true;
const environmentOnly = true;

/** Files, logs, and what the programs around the worker read. */
export const program = {
  S1_DR_CONFIG_JSON: text({
    description: 'JSON file with any of these variables as keys, except those marked *. It wins over the environment.',
    takes: 'the path of a JSON file',
    environmentOnly,
  }),
  DEEP_RESEARCH_STATE_DIR: textOr('.deep-research', {
    description: 'Folder of workspaces, call records, indexes and, with `npm start`, the Temporal server.',
    takes: 'a path',
    environmentOnly,
  }),
  DEEP_RESEARCH_BATCH_DIR: text({
    description:
      'Folder of the input and output of batches, or a bucket with the `AWS_*` variables. Workers of several machines need one that they share.',
    takes: 'a path or `s3://bucket/prefix`',
    fallback: '`batches` of the state folder',
  }),
  DEEP_RESEARCH_ENCRYPTION_KEYS: secret({
    description:
      'Keys that encrypt what Temporal keeps ([privacy.md](privacy.md)): `id:key` separated by commas, each key 32 bytes as base64 or hex. The first encrypts, all decrypt. Workers and clients need the same.',
    fallback: 'nothing is encrypted',
    environmentOnly,
  }),
  DEEP_RESEARCH_ENCRYPTION_KEYS_FILE: text({
    description: 'The same from a file, a key in a line; lines that begin with # are left out.',
    takes: 'the path of a file',
    environmentOnly,
  }),
  DEEP_RESEARCH_CODEC_TOKEN: secret({
    description: 'What `deep-research codec-server` expects as `Authorization: Bearer …`.',
    fallback: 'none is asked for',
    readElsewhere,
  }),
  DEEP_RESEARCH_METRICS_ADDRESS: text({
    description:
      "Where the worker's metrics are served for Prometheus, at /metrics ([telemetry.md](telemetry.md)). Each worker of a machine needs a port of its own.",
    takes: 'an IP address and a port, as 127.0.0.1:9464',
    fallback: 'nowhere',
    environmentOnly,
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: text({
    description:
      "Collector of traces: OTLP over HTTP, as `http://localhost:4318`. OpenTelemetry's further variables are listed in [telemetry.md](telemetry.md).",
    takes: 'an http or https URL',
    fallback: 'no traces',
    readElsewhere,
  }),
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: text({
    description: '`true`: prompts, replies, arguments and results stand in the attributes of spans.',
    fallback: 'false',
    readElsewhere,
  }),
  DEEP_RESEARCH_LOG_LEVEL: choice(LOG_LEVELS, 'warn', {
    description:
      "Least level of the worker's log, on stderr ([telemetry.md](telemetry.md)). `info` has a record for each model call and each tool call.",
  }),
  DEEP_RESEARCH_LOG_FORMAT: choice(LOG_FORMATS, 'auto', {
    description: 'A line of text, or a JSON object in a line, for each record. `auto`: text on a terminal, else JSON.',
  }),
  TEMPORAL_CLI_PATH: text({
    description: "Temporal's command line for `npm start`.",
    takes: 'the path of a program',
    fallback: 'found on the PATH, downloaded or built',
    readElsewhere,
  }),
  XDG_CACHE_HOME: text({
    description: 'Where `npm start` keeps the Temporal command line that it downloaded or built.',
    takes: 'an absolute path',
    fallback: '~/.cache',
    readElsewhere,
  }),
  NO_COLOR: text({ description: 'Any value turns colours of the command line off.', readElsewhere }),
  DEBUG: text({ description: 'Any value makes the command line print the stack of an error.', readElsewhere }),
};
