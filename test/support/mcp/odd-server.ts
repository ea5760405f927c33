/** Code for `node -e`: a server that answers `tools/list` and `tools/call` with what it is told, whatever that is. */
export const oddServer = (list: unknown, result: unknown = { content: [] }): string => `
const answers = { 'tools/list': ${JSON.stringify(list)}, 'tools/call': ${JSON.stringify(result)} };
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  const say = (body) => console.log(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
  if (id === undefined) return;
  const serverInfo = { name: 'odd', version: '1' };
  if (method === 'initialize') {
    say({ result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo } });
  } else if (method in answers) say({ result: answers[method] });
  else say({ error: { code: -32601, message: 'There is no such method.' } });
});`;
