/** A process that uses the dev server of a state folder until a line comes in: `dev-server-user.ts <folder> <cli>`. */
import { once } from 'node:events';
import { startDevServer } from '../../local/temporal/dev-server.ts';

const [stateDir = '', cli = ''] = process.argv.slice(2);
const server = await startDevServer({ stateDir, cli, port: 0, uiPort: 0 });
const { address, uiUrl, pid, adopted } = server;
console.log(JSON.stringify({ address, uiUrl, pid, adopted }));
await once(process.stdin, 'data');
console.log(JSON.stringify(await server.stop()));
process.exit(0);
