/**
 * What Chromium is started with beside the switches of the library. A page reaches the network by the proxy of its
 * own context only; what the browser would ask of its own accord ends at a proxy that is not there, and no name is
 * looked up outside the proxies.
 */
export const SWITCHES = [
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  '--disable-quic',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--dns-prefetch-disable',
  '--no-pings',
  '--disable-domain-reliability',
  '--disable-client-side-phishing-detection',
  '--disable-gpu',
  '--mute-audio',
  // Scripts that fill their heap end their page well before the limit of the whole browser is reached.
  '--js-flags=--max-old-space-size=512',
];

/** Of the library's own, those that would let a page do more than in a person's browser. */
export const NOT_WANTED = ['--disable-popup-blocking', '--disable-ipc-flooding-protection', '--allow-pre-commit-input'];

/** Port 9 discards; nothing listens there. */
export const NO_PROXY = 'http://127.0.0.1:9';

/**
 * Run in each page and frame before its own scripts: takes away what speaks to the network by other ways than HTTP.
 * The switches above keep that at the proxy as well, but not from listening on the local network.
 */
export const BEFORE_SCRIPTS = `for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport'])
  delete globalThis[name];`;
