import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** An MCP server of the tests, for both transports. Its calls are noted in the file `MCP_TEST_LOG`, if that is set. */
export function makeServer(): McpServer {
  const server = new McpServer({ name: 'harbour', version: '1.2.3' });
  const note = (line: string) => process.env.MCP_TEST_LOG && appendFileSync(process.env.MCP_TEST_LOG, `${line}\n`);
  const readOnly = { annotations: { readOnlyHint: true } };
  const text = (said: string) => ({ content: [{ type: 'text' as const, text: said }] });

  server.registerTool(
    'tide',
    {
      description: 'High water of a harbour.',
      inputSchema: z.object({ harbour: z.string().describe('Name of the harbour') }),
      ...readOnly,
    },
    ({ harbour }) => {
      note(`tide ${harbour}`);
      if (harbour === 'Atlantis') return { ...text('There is no such harbour.'), isError: true };
      if (harbour === 'Nowhere') return { content: [], isError: true };
      return text(`${harbour}: high water at 12:40 (process ${process.pid})`);
    },
  );
  server.registerTool(
    'book',
    { description: 'Books a berth.', inputSchema: z.object({ berth: z.int() }) },
    ({ berth }) => {
      note(`book ${berth}`);
      return text(`Berth ${berth} is booked.`);
    },
  );
  server.registerTool('chart', { description: 'A chart.', inputSchema: z.object({}), ...readOnly }, () => ({
    content: [
      { type: 'text', text: 'The chart of the bay:' },
      { type: 'image', data: PIXEL, mimeType: 'image/png' },
      { type: 'audio', data: PIXEL, mimeType: 'audio/x-strange' },
      { type: 'resource_link', uri: 'https://charts.example/bay', name: 'Bay', description: 'Soundings' },
      { type: 'resource', resource: { uri: 'chart://bay/legend', text: 'Depths in metres.', mimeType: 'text/plain' } },
      { type: 'resource', resource: { uri: 'chart://bay/scan', blob: PIXEL, mimeType: 'application/pdf' } },
    ],
  }));
  server.registerTool(
    'depth',
    {
      description: 'Depth as data.',
      inputSchema: z.object({ beside: z.boolean().optional() }),
      outputSchema: z.object({ metres: z.number() }),
      ...readOnly,
    },
    ({ beside }) => ({
      content: beside ? [{ type: 'text', text: 'Deep enough.' }] : [{ type: 'text', text: '{ "metres": 7.5 }' }],
      structuredContent: { metres: 7.5 },
    }),
  );
  server.registerTool(
    'long',
    { description: 'A long text.', inputSchema: z.object({ characters: z.int() }), ...readOnly },
    ({ characters }) => text('x'.repeat(characters)),
  );
  for (const [name, more] of [
    ['slow', readOnly],
    ['slow_booking', {}],
  ] as const) {
    server.registerTool(
      name,
      { description: 'Takes its time.', inputSchema: z.object({ seconds: z.number() }), ...more },
      async ({ seconds }, { mcpReq }) => {
        note(`${name} begins (process ${process.pid})`);
        try {
          await sleep(seconds * 1000, undefined, { signal: mcpReq.signal });
        } catch (error) {
          note(`${name} is cancelled`);
          throw error;
        }
        note(`${name} ends`);
        return text('Here at last.');
      },
    );
  }
  server.registerTool('die', { description: 'Ends the server.', inputSchema: z.object({}), ...readOnly }, () => {
    note(`die (process ${process.pid})`);
    process.exit(7);
  });
  return server;
}
