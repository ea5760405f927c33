import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from '@temporalio/client';
import { type FilePiece, PIECE_BYTES, pieceCount } from '../../protocol/files.ts';
import { WORKFLOW } from '../../protocol/names.ts';
import type { Artifact } from '../../protocol/result.ts';
import { type Blobs, checked } from '../../store/blobs.ts';
import { DeepResearchError, plainMessage } from '../errors.ts';

export interface ArtifactSource {
  client: Client;
  /** Of the workers that are asked. */
  taskQueue: string;
  /** Shared with the workers; without it files come through Temporal in pieces. */
  store?: Blobs;
  /** Task queue of the host that keeps the file. */
  host?: string;
}

/** A file that a session gives back. */
export class SessionArtifact implements Artifact {
  /** Path relative to the session's workspace. */
  readonly name: string;
  readonly bytes: number;
  /** Media type, by the name's ending. */
  readonly type: string;
  readonly sha256: string;
  readonly #source: ArtifactSource;

  constructor({ name, bytes, type, sha256 }: Artifact, source: ArtifactSource) {
    this.name = name;
    this.bytes = bytes;
    this.type = type;
    this.sha256 = sha256;
    this.#source = source;
  }

  /** The content as it comes; ends with an error where it is not what the session gave back. Needs a worker or the store. */
  async stream(): Promise<Readable> {
    const stored = await this.#source.store?.stream(this.sha256);
    return stored ?? checked(Readable.from(this.#pieces()), this.sha256);
  }

  /** Writes it below `folder`, with the folders of its name, and gives its path. A file that is there is replaced. */
  async saveTo(folder: string): Promise<string> {
    const target = join(resolve(folder), safeName(this.name));
    await mkdir(dirname(target), { recursive: true });
    const draft = `${target}.${randomUUID().slice(0, 8)}.part`;
    try {
      await pipeline(await this.stream(), createWriteStream(draft, { flags: 'wx' }));
      // Not into what is there: that may be a link to somewhere else.
      await rename(draft, target);
    } finally {
      await rm(draft, { force: true });
    }
    return target;
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    const { client, taskQueue, host } = this.#source;
    for (let index = 0; index < pieceCount(this.bytes); index += 1) {
      const offset = index * PIECE_BYTES;
      const length = Math.min(PIECE_BYTES, this.bytes - offset);
      const piece: FilePiece = { sha256: this.sha256, offset, length, ...(host ? { queue: host } : {}) };
      const workflowId = `file-${this.sha256}-get-${index}-${randomBytes(4).toString('hex')}`;
      let bytes: Buffer;
      try {
        const given: string = await client.workflow.execute(WORKFLOW.files, {
          workflowId,
          taskQueue,
          args: [piece],
          workflowExecutionTimeout: '5m',
          staticSummary: `a piece of ${this.name}`.slice(0, 120),
        });
        bytes = Buffer.from(given, 'base64');
      } catch (error) {
        throw new DeepResearchError(`${this.name} cannot be fetched: ${plainMessage(error)}`, { cause: error });
      }
      forget(client, workflowId);
      yield bytes;
    }
  }
}

/** What was fetched need not stay on the server; where that is not allowed, it goes with the others. */
function forget(client: Client, workflowId: string): void {
  const { namespace } = client.options;
  client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } }).catch(() => {});
}

/** A name as it may stand below a folder. A worker gives no others; a session's result may be somebody else's. */
function safeName(name: string): string {
  const parts = name.split('/');
  const isSafe =
    !/[\\\u0000-\u001f:]/.test(name) && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isSafe) return join(...parts);
  throw new DeepResearchError(`The file ${JSON.stringify(name)} has a name that cannot be used here.`);
}
