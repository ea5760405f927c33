import { hide } from '../protocol/redact.ts';

/** Where spans go. Holds keys in its headers. */
export interface OtlpSettings {
  url: string;
  /** The address without what may be a key. */
  shown: string;
  headers: Record<string, string>;
  resource: Record<string, string>;
}

type Env = Record<string, string | undefined>;

/**
 * OpenTelemetry's own variables; `secretFrom` reads the headers, which hold keys. Undefined where they name no collector
 * or turn it off.
 *
 * @throws Error that names the variable
 */
export function otlpSettings(
  env: Env,
  role: string,
  secretFrom: (env: Env, name: string) => string | undefined,
): OtlpSettings | undefined {
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim();
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim();
  const off = /^true$/i.test(env.OTEL_SDK_DISABLED ?? '') || env.OTEL_TRACES_EXPORTER?.trim() === 'none';
  if (off || !(own || base)) return undefined;
  const variable = own ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' : 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const url = URL.parse(own ?? '') ?? URL.parse(`${base?.replace(/\/+$/, '')}/v1/traces`);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Error(`${variable}: expected the http or https URL of a collector (OTLP over HTTP, mostly port 4318).`);
  }
  const headers = pairs(
    secretFrom(env, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS') ?? secretFrom(env, 'OTEL_EXPORTER_OTLP_HEADERS'),
  );
  for (const value of Object.values(headers)) hide(value);
  // A request takes no name and password in its address.
  if (url.username)
    headers.authorization = `Basic ${btoa(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`)}`;
  url.username = url.password = '';
  return {
    url: url.href,
    shown: `${url.origin}${url.pathname}`,
    headers,
    resource: {
      'service.name': env.OTEL_SERVICE_NAME || `deep-research-${role}`,
      ...pairs(env.OTEL_RESOURCE_ATTRIBUTES),
      ...(env.OTEL_SERVICE_NAME ? { 'service.name': env.OTEL_SERVICE_NAME } : {}),
    },
  };
}

/** `name=value` separated by commas, values percent-encoded. */
function pairs(text = ''): Record<string, string> {
  const entries = text.split(',').flatMap((part): [string, string][] => {
    const [name = '', value] = part.split(/=(.*)/s).map((side) => side.trim());
    return name && value !== undefined ? [[name, decoded(value)]] : [];
  });
  return Object.fromEntries(entries);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
