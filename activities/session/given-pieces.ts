import { Context } from '@temporalio/activity';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { type FilePiece, givenPieceId, pieceCount } from '../../protocol/files.ts';
import type { SentFile } from '../../protocol/input.ts';

/** gRPC's number for what is not there. */
const NOT_FOUND = 5;

/**
 * The pieces in which a client has sent a file: each stands in the input of a workflow of its own. Undefined where the
 * first is not there; one of the others that is missing ends the stream with an error.
 */
export async function givenPieces(
  { sha256, bytes }: SentFile,
  signal: AbortSignal,
): Promise<(() => AsyncGenerator<Buffer>) | undefined> {
  if (bytes === 0) return async function* () {};
  const first = await piece(sha256, 0);
  if (!first) return undefined;
  return async function* () {
    yield first;
    for (let index = 1; index < pieceCount(bytes); index += 1) {
      signal.throwIfAborted();
      const next = await piece(sha256, index);
      if (!next) throw new Error(`piece ${index + 1} of ${pieceCount(bytes)} is missing; send it again`);
      yield next;
    }
  };
}

async function piece(sha256: string, index: number): Promise<Buffer | undefined> {
  const { client } = Context.current();
  const { namespace, loadedDataConverter } = client.options;
  try {
    const { history } = await client.connection.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: givenPieceId(sha256, index) },
      maximumPageSize: 1,
    });
    const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
    const [given] = (await decodeArrayFromPayloads(loadedDataConverter, payloads)) as [FilePiece?];
    return given && 'bytes' in given ? Buffer.from(given.bytes, 'base64') : undefined;
  } catch (error) {
    const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
    if ((code ?? cause?.code) === NOT_FOUND) return undefined;
    throw error;
  }
}
