import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { makeServer } from './tools.ts';

serveStdio(makeServer);
