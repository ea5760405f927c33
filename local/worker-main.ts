// A command that was killed must not leave its worker behind: the channel to it closes.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// Waiting for that must not keep a worker that was stopped.
process.channel?.unref();
await import('../worker/main.ts');
