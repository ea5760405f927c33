// A command that was killed must not leave its worker behind: the channel to it closes.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
await import('../worker/main.ts');
