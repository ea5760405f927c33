/** What `/metrics` shows: vLLM's names, so that the same routing works on both. */
export interface Gauges {
  running: number;
  waiting: number;
  /** 0 to 1. */
  cacheUsage: number;
  /** Prompt tokens looked up, and found. */
  cacheQueries: number;
  cacheHits: number;
}

/** Prometheus text. */
export function metricsText(gauges: Gauges, model: string): string {
  const rows: [name: string, type: 'gauge' | 'counter', help: string, value: number][] = [
    ['vllm:num_requests_running', 'gauge', 'Number of requests that are being answered.', gauges.running],
    ['vllm:num_requests_waiting', 'gauge', 'Number of requests that wait to be answered.', gauges.waiting],
    ['vllm:kv_cache_usage_perc', 'gauge', 'Share of the cache in use; 1 is all of it.', gauges.cacheUsage],
    ['vllm:prefix_cache_queries', 'counter', 'Prompt tokens looked up in the prefix cache.', gauges.cacheQueries],
    ['vllm:prefix_cache_hits', 'counter', 'Prompt tokens found in the prefix cache.', gauges.cacheHits],
  ];
  const labels = `{engine="0",model_name="${model}"}`;
  return rows
    .map(([name, type, help, value]) => {
      const sample = type === 'counter' ? `${name}_total` : name;
      const number = Number.isInteger(value) ? `${value}.0` : String(value);
      return `# HELP ${sample} ${help}\n# TYPE ${sample} ${type}\n${sample}${labels} ${number}\n`;
    })
    .join('');
}
