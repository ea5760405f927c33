import { z } from 'zod';
import { TOOL_NAMES } from '../../../protocol/tool-call.ts';
import { byName, choice, count, document, flag, list, secret, text, textOr, texts, webUrl } from '../variable.ts';

const order = (kind: string) =>
  texts({
    description: `Providers of ${kind} in the order they are asked.`,
    takes: 'names of providers, or none',
    fallback: 'all that have what they need',
  });

const providerUrl = z.string().refine((url) => webUrl.safeParse(url.replaceAll('{language}', 'en')).success);

/** The tools, and what they look things up with. */
export const tools = {
  TOOLS_SERVER_BASE_ENDPOINT_URL: list(webUrl, {
    description:
      "Tool services with the original's API (`toolkits-api`), which serve the tools in our place; one is drawn for each call. See [tool-service.md](tool-service.md).",
    takes: 'http or https URLs',
    fallback: 'the tools of this project',
  }),
  TOOLS_SERVER_TOOLS: texts({
    description: 'Tools whose calls go to the tool services, where there are any; the others are served here.',
    takes: `some of ${TOOL_NAMES.join(', ')}`,
    fallback: 'all nine',
  }),
  LITERATURE_SEED_DATA_DIR: textOr('/app/logs', {
    description:
      "Folder of the sessions' files as the tool services see it: `workspaces` of the state folder belongs at `deep-research` in it.",
    takes: 'an absolute path',
  }),
  DEEP_RESEARCH_MCP_SERVERS: document({
    description: 'MCP servers whose tools are served beside the nine. See [own-tools.md](own-tools.md).',
    takes: 'a JSON file or its content, {"mcpServers": {name: {command, args, env} or {url, headers}}}',
    fallback: 'none',
  }),
  WEB_BASED_TOOLS_USE_CACHE: flag(true, {
    description: 'Whether searches and pages are kept for later sessions and may come from there.',
  }),
  DEEP_RESEARCH_CACHE_DIR: text({
    description:
      'Where that is, if workers of several machines share it: a folder, or a bucket as `s3://bucket/prefix` with the variables of AWS below.',
    takes: 'a folder or an s3:// address',
    fallback: 'a SQLite file in the state folder',
  }),
  AWS_ACCESS_KEY_ID: text({ description: 'Key of the bucket.' }),
  AWS_SECRET_ACCESS_KEY: secret({ description: 'Its secret.' }),
  AWS_SESSION_TOKEN: secret({ description: 'Of a key for a limited time.' }),
  AWS_REGION: textOr('us-east-1', { description: 'Region of the bucket.' }),
  AWS_ENDPOINT_URL: text({
    description: "Server of the bucket, where it is not Amazon's.",
    takes: 'an http or https URL',
  }),
  DEEP_RESEARCH_CACHE_MAX_AGE_HOURS: count(
    { fallback: 24, min: 1, max: 87_600 },
    { description: 'What is kept and older than this is looked up again.', unit: 'h' },
  ),
  DEEP_RESEARCH_CACHE_KEEP_DAYS: count(
    { fallback: 90, min: 1, max: 36_500 },
    {
      description: 'After this it is removed; until then the pages that were read can be compared with citations.',
      unit: 'days',
    },
  ),
  USE_NLP_FORMAT_RETURN: flag(true, {
    description: 'Whether a failed tool tells the model in a plain sentence (true) or as `{"error": …}`.',
  }),
  CLIENT_TIMEOUT: count(
    { fallback: 1800, min: 1, max: 86_400 },
    {
      description: 'Longest tool call; more than 2,100 counts as that. Code and commands have 900 at most.',
      unit: 's',
    },
  ),
  DEEP_RESEARCH_CORPUS_DIR: texts({
    description: 'Folders of documents for `search` and `visit`.',
    takes: 'folders',
    environmentOnly: true,
  }),
  DEEP_RESEARCH_FILES_DIR: text({
    description: 'Folder below which input files may be named by path.',
    takes: 'a folder',
  }),
  DEEP_RESEARCH_SKILLS_DIR: texts({
    description:
      'Folders of skills; each skill is a folder in one of them with a `SKILL.md`. See [skills.md](skills.md).',
    takes: 'folders',
    environmentOnly: true,
  }),
  DEEP_RESEARCH_STORE_DIR: text({
    description:
      'Where files of sessions are kept: given files, snapshots of workspaces, artifacts. A folder or bucket (`s3://bucket/prefix`) that workers share lets a session go on when its host is lost; clients that share it send and fetch files through it. See [workspace.md](workspace.md).',
    takes: 'a folder or an s3:// address',
    fallback: '`store` in the state folder',
    environmentOnly: true,
  }),
  DEEP_RESEARCH_STORE_KEEP_DAYS: count(
    { fallback: 90, min: 1, max: 36_500 },
    {
      description:
        'Files that were not used for so long are removed from a folder; in a bucket a lifecycle rule does that.',
      unit: 'days',
    },
  ),
  DEEP_RESEARCH_WEB_PAGES: flag(true, {
    description: 'Whether `visit` and `parse_file` may open web pages. Documents of a folder and files need none.',
  }),
  DEEP_RESEARCH_READ_PAGES: choice(['model', 'words'], 'model', {
    description:
      "How a long page is read for a visit's goal: in parts by calls of a model server with the role `pages`, or by choosing the passages with the goal's words.",
  }),
  DEEP_RESEARCH_ROBOTS_TXT: flag(true, {
    description: "Whether pages stay closed that a site's robots.txt closes to programs.",
  }),
  DEEP_RESEARCH_ALLOW_PRIVATE: texts({
    description:
      'Hosts of an intranet that may be opened although they are not public: names (`wiki.corp`), names below a domain (`*.corp`), addresses and ranges. All others are refused. Link-local and metadata addresses cannot be opened.',
    takes: 'host names, addresses or ranges such as 10.1.0.0/16',
    fallback: 'none',
  }),
  DEEP_RESEARCH_BROWSER: text({
    description:
      'Chromium that opens pages which show their content only by scripts: its path, or `auto` for the one on the search path.',
    takes: 'the path of a program, or auto',
    fallback: 'no browser',
  }),
  DEEP_RESEARCH_BROWSER_PAGES: choice(['scripted', 'all'], 'scripted', {
    description: 'Which pages are opened in it: those that scripts fill, or every HTML page, which takes longer.',
  }),
  DEEP_RESEARCH_BROWSER_SANDBOX: flag(true, {
    description:
      "Whether Chromium's own sandbox keeps pages from the machine. Root cannot have it: run the worker as somebody else, or in a container with nothing else in it and this off.",
  }),
  DEEP_RESEARCH_BROWSER_MEMORY: count(
    { fallback: 1536, min: 512, max: 65_536 },
    { description: 'What Chromium may take with all its pages; over that the largest page is closed.', unit: 'MB' },
  ),
  JINA_API_KEY: secret({
    description:
      'Jina Reader: opens public pages that show their content only in a browser, where there is none here or it does not get them.',
  }),
  JINA_READER_URL: text({
    description: 'Where the Jina Reader is, if not at its own address; one of your own needs no key.',
    takes: 'an http or https URL',
  }),
  DEEP_RESEARCH_SEARCH_PROVIDERS: order('web search'),
  DEEP_RESEARCH_SCHOLAR_PROVIDERS: order('scholarly search'),
  DEEP_RESEARCH_IMAGE_PROVIDERS: order('image search'),
  DEEP_RESEARCH_MERGED_PROVIDERS: count(
    { fallback: 1, min: 1, max: 10 },
    {
      description:
        'How many providers answer each query; the same page from several is one result. With 1 the next is asked only where one has nothing.',
      unit: 'providers',
    },
  ),
  DEEP_RESEARCH_CONTACT_EMAIL: text({
    description:
      'Sent to the free services, which ask for one and serve known callers better, and to the sites of pages.',
    takes: 'an e-mail address',
  }),
  DEEP_RESEARCH_PROVIDER_URLS: byName(providerUrl, {
    description: 'Other addresses for providers, as of a proxy; `{language}` stands for the language of a query.',
    takes: 'name=URL, several separated by commas, or a JSON object',
    fallback: "the providers' own",
  }),
  SEARXNG_URL: text({
    description: 'Your SearXNG: web, images and scholarly search.',
    takes: 'an http or https URL',
  }),
  SERPER_API_KEY: secret({ description: 'Serper: web, scholarly and image search.' }),
  BRAVE_API_KEY: secret({ description: 'Brave: web search.' }),
  TAVILY_API_KEY: secret({ description: 'Tavily: web search.' }),
  EXA_API_KEY: secret({ description: 'Exa: web search.' }),
  OPENALEX_API_KEY: secret({ description: 'OpenAlex: scholarly search; hardly answers without one.' }),
  SEMANTIC_SCHOLAR_API_KEY: secret({
    description: 'Semantic Scholar: scholarly search; slow without one.',
  }),
};
