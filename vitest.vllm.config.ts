import { defineConfig } from 'vitest/config';

/** Tests against a real vLLM: `npm run test:vllm`; what it needs is in `docs/vllm.md`. */
export default defineConfig({
  test: {
    include: ['test/vllm/**/*.test.ts'],
    globalSetup: ['./test/support/run-folder.ts', './test/vllm/vllm-server.ts'],
    reporters: [['default', { summary: false }], './test/support/closing-line.ts'],
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    retry: 0,
  },
});
