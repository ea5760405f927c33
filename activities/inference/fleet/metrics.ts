/** A look at a model server's `/metrics`, in vLLM's terms. */
export interface Gauges {
  running: number;
  waiting: number;
  /** 0 to 1; the mean where a server has several engines. */
  kv: number;
  /** Prompt tokens looked up in the prefix cache so far, and found. */
  queries: number;
  hits: number;
}

/** Newer and older names of the same figure. */
const NAMES = {
  running: ['vllm:num_requests_running'],
  waiting: ['vllm:num_requests_waiting'],
  kv: ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'],
  queries: ['vllm:prefix_cache_queries_total', 'vllm:gpu_prefix_cache_queries_total'],
  hits: ['vllm:prefix_cache_hits_total', 'vllm:gpu_prefix_cache_hits_total'],
} as const;

/** Reads Prometheus text; undefined where it has not vLLM's gauges. Of several models only `model`'s lines count. */
export function parseMetrics(text: string, model: string): Gauges | undefined {
  const samples = new Map<string, number[]>();
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z_:]\w*(?::\w+)*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!match) continue;
    const [, name = '', labels = '', value] = match;
    const of = /model_name="([^"]*)"/.exec(labels)?.[1];
    if (of !== undefined && of !== model) continue;
    if (Number.isFinite(Number(value))) samples.set(name, [...(samples.get(name) ?? []), Number(value)]);
  }
  const values = (names: readonly string[]) => names.map((name) => samples.get(name)).find(Boolean);
  const sum = (names: readonly string[]) => (values(names) ?? []).reduce((total, value) => total + value, 0);
  if (!values(NAMES.running)) return undefined;
  return {
    running: sum(NAMES.running),
    waiting: sum(NAMES.waiting),
    kv: sum(NAMES.kv) / (values(NAMES.kv)?.length ?? 1),
    queries: sum(NAMES.queries),
    hits: sum(NAMES.hits),
  };
}
