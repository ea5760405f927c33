import { request } from 'undici';
import { type Endpoint, endpointHeaders } from '../endpoint.ts';
import { LOOK_LIMIT_MS } from './constants.ts';
import { type Gauges, parseMetrics } from './metrics.ts';

/** How a worker looks at an endpoint beside its calls; both are short and never throw. */
export interface Looks {
  /** `none`: the server has no metrics of the kind, it need not be asked again. */
  metrics(endpoint: Endpoint): Promise<Gauges | 'none' | undefined>;
  /** Whether it answers `/health`, and does not say that it is going away. */
  alive(endpoint: Endpoint): Promise<boolean>;
}

export const looks: Looks = {
  async metrics(endpoint) {
    const answer = await get(endpoint, '/metrics');
    if (!answer) return undefined;
    if (answer.status >= 400 && answer.status < 500) return 'none';
    return answer.status === 200 ? (parseMetrics(answer.text, endpoint.model) ?? 'none') : undefined;
  },
  async alive(endpoint) {
    const answer = await get(endpoint, '/health');
    return answer !== undefined && answer.status < 500;
  },
};

/** vLLM serves both beside `/v1`, not below it. */
async function get(endpoint: Endpoint, path: string): Promise<{ status: number; text: string } | undefined> {
  try {
    const base = endpoint.url.replace(/\/+$/, '').replace(/\/v\d+(\/.*)?$/, '');
    const { statusCode, body } = await request(`${base}${path}`, {
      headers: endpointHeaders(endpoint),
      signal: AbortSignal.timeout(LOOK_LIMIT_MS),
    });
    return { status: statusCode, text: await body.text() };
  } catch {
    return undefined;
  }
}
