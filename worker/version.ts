/** As in package.json. */
export const VERSION = '0.1.0';

/** Stands in six events of a round. The SDK's default, its name and a hash of the bundle, is three times as long. */
export const BUILD_ID = `deep-research@${VERSION}`;
