import { expect, test } from 'vitest';
import { affinityHeaders } from '../../activities/inference/affinity.ts';
import { parseMetrics } from '../../activities/inference/fleet/metrics.ts';
import { Secret } from '../../activities/secret.ts';

test('gauges are summed over engines, the cache is averaged, and other models do not count', () => {
  const text = [
    '# HELP vllm:num_requests_running Number of requests.',
    'vllm:num_requests_running{engine="0",model_name="m"} 3.0',
    'vllm:num_requests_running{engine="1",model_name="m"} 4.0',
    'vllm:num_requests_running{engine="0",model_name="other"} 50.0',
    'vllm:num_requests_waiting{engine="0",model_name="m"} 2',
    'vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.2',
    'vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.6',
    'vllm:prefix_cache_queries_total{engine="0",model_name="m"} 1.5e+06',
    'vllm:prefix_cache_hits_total{engine="0",model_name="m"} 1e+06',
  ].join('\n');
  expect(parseMetrics(text, 'm')).toEqual({ running: 7, waiting: 2, kv: 0.4, queries: 1_500_000, hits: 1_000_000 });
});

test('another program’s metrics are none', () => {
  expect(parseMetrics('go_goroutines 7\n', 'm')).toBeUndefined();
  expect(parseMetrics('<html>', 'm')).toBeUndefined();
});

test('a session’s calls carry its header and, with data parallelism, always the same rank', () => {
  const endpoint = {
    name: 'a',
    url: 'http://a',
    model: 'm',
    format: 'deep_research',
    weight: 1,
    roles: ['research'],
    apiKey: new Secret('k'),
  } as const;
  expect(affinityHeaders(endpoint, 's é')).toEqual({ 'X-Session-ID': 's%20%C3%A9' });
  const pinned = { ...endpoint, dataParallelSize: 4, sessionHeader: 'X-Flow' };
  const ranks = Array.from({ length: 400 }, (_, index) => {
    const headers = affinityHeaders(pinned, `s${index}`);
    expect(headers).toEqual(affinityHeaders(pinned, `s${index}`));
    expect(headers['X-Flow']).toBe(`s${index}`);
    return headers['X-data-parallel-rank'];
  });
  for (const rank of ['0', '1', '2', '3']) expect(ranks.filter((each) => each === rank).length).toBeGreaterThan(60);
});
