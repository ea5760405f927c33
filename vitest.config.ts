import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These need a real vLLM: `npm run test:vllm`.
    exclude: ['test/vllm/**', '**/node_modules/**'],
    globalSetup: ['./test/support/run-folder.ts'],
    reporters: [['default', { summary: false }], './test/support/closing-line.ts'],
    // Two cores share everything; servers and processes are started by the tests, so time limits are wide.
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    retry: 0,
  },
});
