import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveHttp, template } from '../../test/loopback.ts';
import { handleOfTemplate, loadTemplateSource, planTemplates, startScan } from '../index.ts';

const handle = (source: string, path: string): ReturnType<typeof handleOfTemplate> =>
  handleOfTemplate(loadTemplateSource(source, path));

test('a workflow runs what the matches before it ask for, with shared cookies and values', async () => {
  await using server = await serveHttp((request, response) => {
    if (request.url === '/detect')
      response.writeHead(200, { 'set-cookie': 'sid=9; Path=/' }).end('product one, key=k7');
    else
      response.end(request.headers.cookie === 'sid=9' && request.url === '/follow/k7' ? 'vulnerable' : 'no');
  });
  const detect = template(
    "http:\n  - method: GET\n    path: ['{{BaseURL}}/detect']\n    matchers:\n      - {type: word, name: one, words: ['product one']}\n      - {type: word, name: two, words: ['product two']}\n    extractors: [{type: regex, name: key, internal: true, group: 1, regex: ['key=(\\w+)']}]\n",
    'detect',
  );
  const follow = template(
    "http:\n  - method: GET\n    path: ['{{BaseURL}}/follow/{{key}}']\n    matchers: [{type: word, words: [vulnerable]}]\n",
    'follow',
  );
  const never = template("  tags: never\nhttp:\n  - method: GET\n    path: ['{{BaseURL}}/never']\n", 'never');
  const workflow = template(
    'workflows:\n  - template: http/detect.yaml\n    matchers:\n      - name: one\n        subtemplates:\n          - template: http/follow.yaml\n      - name: two\n        subtemplates:\n          - tags: never\n',
    'flow',
  );
  const parts = [
    handle(detect, 'http/detect.yaml'),
    handle(follow, 'http/follow.yaml'),
    handle(never, 'http/never.yaml'),
  ];
  const ids: string[] = [];
  const scan = startScan(planTemplates([handle(workflow, 'w.yaml')]), [server.url], {
    workflowTemplates: parts,
    rateLimit: 0,
  });
  for await (const result of scan) ids.push(result['template-id']);
  assert.deepEqual(ids, ['detect', 'follow']);
  assert.deepEqual(
    server.seen.map(item => item.url),
    ['/detect', '/follow/k7'],
  );
});

test('what did not match is reported when asked for', async () => {
  await using server = await serveHttp((_, response) => response.end('nothing'));
  const source = template(
    "http:\n  - method: GET\n    path: ['{{BaseURL}}/']\n    matchers: [{type: word, words: [absent]}]\n",
  );
  const statuses: boolean[] = [];
  for await (const result of startScan(planTemplates([handle(source, 'a.yaml')]), [server.url], {
    reportsFailures: true,
  }))
    statuses.push(result['matcher-status']);
  assert.deepEqual(statuses, [false]);
});
