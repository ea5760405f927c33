/** Between two looks at an endpoint's `/metrics`, in ms; each look costs the server about a millisecond. */
export const POLL_MS = 3_000;
/** A look that takes longer is given up, so that a hung server holds nothing. */
export const LOOK_LIMIT_MS = 2_000;
/** Endpoints nobody asked for in this time are not looked at. */
export const IN_USE_MS = 15_000;
/** Older metrics say nothing about now. */
export const STALE_MS = 4 * POLL_MS;
/** What the first session waits for the first look; routing blind would be worse, waiting longer as well. */
export const FIRST_LOOK_MS = 500;

/** A session counts at its endpoint this long after its last call: it is running tools and comes back. */
export const ACTIVE_MS = 60_000;
/** KV-cache use from which a server counts as fuller than its requests say, and how much fuller when all is used. */
export const KV_FULL = { from: 0.7, factor: 3 };

/**
 * Saturation: requests queue, at least this share of what runs. Where the KV cache is nearly full as well and prefix
 * hits are down, vLLM preempts and computes prompts again (seen: hits from 98 % to 5 %, four times slower).
 */
export const SATURATED = { waitingShare: 0.25, kv: 0.9, hitRate: 0.5 };
/** Looks in a row before a session leaves: two while the hits are down, more while it merely queues. */
export const LOOKS_BEFORE_LEAVING = { thrashing: 2, queueing: 3 };
/** Looks without a queue after which it is over: a queue of few calls comes and goes. */
export const LOOKS_BEFORE_OVER = 3;
/** A move costs one prefill, so another endpoint with a queue must be this much less loaded (not while hits are down). */
export const WORTH_MOVING = 0.5;
/** Share of its sessions that may leave a saturated endpoint between two looks: the rest may not have to. */
export const LEAVE_AT_ONCE = { thrashing: 0.5, queueing: 0.25 };

/** Failures in a row after which an endpoint is left alone; a refused connection, a hang or a 503 is enough by itself. */
export const FAILURES_IN_A_ROW = 3;
/** First and longest rest of an endpoint that failed; each further failure doubles it. */
export const REST_MS = { first: 1_000, most: 30_000 };
/** Rest after a 429 that says no time. */
export const COOL_MS = 2_000;
/** How long a session waits for a place at its own endpoint before it takes one elsewhere: about a long prefill. */
export const PATIENCE_MS = 10_000;
/** Temporal's own, for what says none. */
export const DEFAULT_PRIORITY = 3;
