import type { Reporter } from 'vitest/node';

/** Ends the run's output with `N passed, N failed`. A test that was skipped counts as failed: it proved nothing. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: Parameters<NonNullable<Reporter['onTestRunEnd']>>[0]): void {
    let passed = 0;
    let failed = 0;
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        if (test.result().state === 'passed') passed += 1;
        else failed += 1;
      }
      if (module.errors().length > 0) failed += 1;
    }
    if (failed > 0) process.exitCode = 1;
    process.on('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
  }
}
