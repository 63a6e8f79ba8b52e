// The main job in a browser: a case is assessed and explained, the answer is followed to its data; a model is trained,
// promoted and rolled back; all of it is found in the audit trail, whose chain holds.
//
//   node e2e/main-job.mjs --url http://127.0.0.1:8080 --password PASSWORD --datasets DATA/datasets
//
// --datasets is the tenant's folder of datasets, where the one to train on is put. Users are called clinician, admin
// and auditor unless --users says otherwise. A failure leaves failed.png in --shots and ends with status 1.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values: given } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    password: { type: 'string' },
    datasets: { type: 'string' },
    users: { type: 'string', default: 'clinician,admin,auditor' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    shots: { type: 'string', default: join(tmpdir(), 'medley-browser') },
  },
});
for (const needed of ['password', 'datasets']) {
  if (!given[needed]) {
    console.error(`--${needed} is missing`);
    process.exit(2);
  }
}
const base = given.url.replace(/\/$/, '');
const [clinician, admin, auditor] = given.users.split(',');
mkdirSync(given.shots, { recursive: true });

/** Names of this run: it can be repeated on the same platform. */
const mark = Date.now().toString(36);
const STEPS = 1200;
const DATASET = `browser-${mark}`;
const MODEL = `browser-${mark}`;
const RECIPE = `kind: train
name: ${MODEL}
stage: pretrain
description: Beds of a ward, learned while somebody watches.
model:
  scratch: {hidden: 32, layers: 1, heads: 2, kvHeads: 1, headSize: 16, intermediate: 64, context: 128}
  vocabulary: 400
data:
  - {dataset: ${DATASET}, format: text}
sequence: 64
microTokens: 512
batchTokens: 512
steps: ${STEPS}
`;

/** A second model from the first, and the two fused. */
const SECOND = `${MODEL}-second`;
const FUSED = `${MODEL}-fused`;
const SECOND_RECIPE = `kind: train
name: ${SECOND}
stage: pretrain
model: {from: ${MODEL}}
data:
  - {dataset: ${DATASET}, format: text}
sequence: 64
microTokens: 512
batchTokens: 512
steps: 5
`;
const FUSE_RECIPE = `kind: fuse
name: ${FUSED}
method: linear
models: [{model: ${MODEL}}, {model: ${SECOND}}]
`;

const browser = await chromium.launch({
  executablePath: given.chromium,
  args: ['--no-sandbox', '--disable-background-networking'],
  // A profile of its own: the browser cannot be disturbed by, or disturb, one that is open.
  env: { ...process.env, HOME: mkdtempSync(join(tmpdir(), 'medley-browser-home-')) },
});
const complaints = [];
let page;
let begun = Date.now();

function passed(what) {
  console.log(`ok  ${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${what}`);
  begun = Date.now();
}

function watch(tab) {
  tab.setDefaultTimeout(30_000);
  tab.on('console', (message) => {
    // Asking who is signed in before anybody is answers 401, and Chromium reports that.
    const asked = message.location().url.endsWith('/api/session') && /status of 401/.test(message.text());
    if (message.type() === 'error' && !asked) complaints.push(`${tab.url()}: ${message.text()}`);
  });
  tab.on('pageerror', (error) => complaints.push(`${tab.url()}: ${error.stack ?? error}`));
}

async function signIn(username) {
  await page?.context().close();
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: 'light',
    locale: 'en-GB',
  });
  page = await context.newPage();
  watch(page);
  await page.goto(base);
  await page.getByTestId('login-username').fill(username);
  await page.getByTestId('login-password').fill(given.password);
  await page.getByTestId('login-submit').click();
  await page.getByTestId('user-menu').waitFor();
}

/** Remembers every value an element's attribute (or the length of its text) takes: asking from here could miss some. */
async function record(name, selector, attribute) {
  await page.evaluate(
    ([key, wanted, from]) => {
      const seen = [];
      window[key] = seen;
      new MutationObserver(() => {
        const element = document.querySelector(wanted);
        if (!element) return;
        const now = from ? Number(element.getAttribute(from)) : element.textContent.length;
        if (seen.at(-1) !== now) seen.push(now);
      }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    },
    [name, selector, attribute],
  );
  return () => page.evaluate((key) => window[key], name);
}

async function find(text, id, key) {
  const search = page.getByTestId('finding-search');
  await search.fill(text);
  await page.locator(`[data-testid=finding-option][data-term="${id}"][aria-selected=true]`).waitFor();
  await search.press(key);
}

async function enterCase() {
  await page.getByTestId('case-new').click();
  await page.getByTestId('case-age').fill('58');
  await page.getByTestId('case-sex').getByText('Male', { exact: true }).click();
  await page.getByTestId('case-title').fill(`Chest pain ${mark}`);
  await page
    .getByTestId('case-complaint')
    .fill('Pressure behind the breastbone for an hour, with cold sweat');
  await find('crushing chest', 'chest-pain-pressing', 'Enter');
  await find('left arm', 'radiation-to-arm-or-jaw', 'Enter');
  await find('diaphoresis', 'sweating', 'Enter');
  await find('short of breath', 'dyspnoea', 'Shift+Enter');
  await find('tearing', 'chest-pain-tearing', 'Shift+Enter');
  assert.equal(await page.getByTestId('findings-present').getByTestId('chip').count(), 3);
  assert.equal(await page.getByTestId('findings-absent').getByTestId('chip').count(), 2);
  await page.getByTestId('vital-heartRate').fill('104');
  await page.getByTestId('vital-systolic').fill('98');
  await page.getByTestId('vital-diastolic').fill('61');
  await page.getByTestId('vital-oxygenSaturation').fill('95');
}

async function readDifferential() {
  const rows = page.getByTestId('differential-row');
  await rows.first().waitFor();
  assert.ok((await rows.count()) >= 3, 'a differential has several entries');
  const shares = await rows
    .locator('.probability .track > span')
    .evaluateAll((bars) => bars.map((bar) => Number.parseFloat(bar.style.width)));
  assert.deepEqual(
    shares,
    [...shares].sort((a, b) => b - a),
    'the most probable comes first',
  );
  assert.equal(await rows.first().getAttribute('data-condition'), 'acute-coronary-syndrome');
  const evidence = rows.first().getByTestId('evidence');
  assert.match(await evidence.innerText(), /pressing central chest pain/);
  assert.ok((await evidence.locator('.text-for').count()) >= 3, 'what was found speaks for the first');
  assert.match(await evidence.innerText(), /no breathlessness/);
  assert.ok((await evidence.locator('.text-against').count()) >= 1, 'what was not found speaks against it');
  assert.ok((await page.getByTestId('cant-miss').getByTestId('cant-miss-row').count()) >= 1);
  await page.locator('[data-testid=cant-miss-row][data-condition=acute-coronary-syndrome]').waitFor();
  const tests = page.getByTestId('next-tests').locator('li');
  assert.ok((await tests.count()) >= 1, 'tests are proposed');
  assert.match(await tests.first().innerText(), /\S+\n\S+/, 'a test comes with what it would change');
}

async function readReasoning(lengths) {
  await page.locator('[data-testid=reasoning][data-state=checked]').waitFor({ timeout: 120_000 });
  const grown = (await lengths()).filter((length) => length > 0);
  assert.ok(grown.length >= 3, `the text was seen to grow, its lengths were ${grown}`);
  assert.ok(
    grown.every((length, index) => index === 0 || length > grown[index - 1]),
    `the text only grew: ${grown}`,
  );
  const sentences = page.getByTestId('sentence');
  assert.ok((await sentences.count()) >= 1, 'the text was cut into sentences');
  assert.match(await page.getByTestId('reasoning-check').innerText(), /\d+ sentences/);
  passed(`the reasoning streamed: ${grown.length} lengths from ${grown[0]} to ${grown.at(-1)} characters`);

  const citation = page.locator('[data-testid=citation]:enabled').last();
  const number = await citation.getAttribute('data-passage');
  await citation.click();
  const passage = page.locator(`[data-testid=passage][data-number="${number}"]`);
  await page.locator(`[data-testid=passage][data-number="${number}"][data-active=true]`).waitFor();
  assert.equal(await page.locator('[data-testid=passage][data-active=true]').count(), 1);
  await page.waitForFunction((n) => {
    const box = document.querySelector(`[data-testid=passage][data-number="${n}"]`).getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  }, number);
  const plain = page.locator('[data-testid=passage][data-active=false]').first();
  const colour = (element) => element.evaluate((node) => getComputedStyle(node).backgroundColor);
  assert.notEqual(await colour(passage), await colour(plain), 'the passage stands out');
}

async function openInFreshTab(address) {
  const tab = await page.context().newPage();
  watch(tab);
  const answer = await tab.goto(address);
  assert.equal(answer.status(), 200);
  await tab.getByTestId('differential-row').first().waitFor();
  await tab.locator('[data-testid=reasoning][data-state=checked]').waitFor();
  await tab.close();
}

async function readLineage() {
  await page.getByTestId('answer-model').click();
  const nodes = page.getByTestId('lineage-node');
  await nodes.first().waitFor();
  assert.ok((await page.locator('[data-testid=lineage-node][data-kind=run]').count()) >= 1, 'a run made it');
  const dataset = page.locator('[data-testid=lineage-node][data-kind=dataset]').first();
  assert.match(await dataset.locator('.hash').textContent(), /^[0-9a-f]{16}/);
  await dataset.click();
  await page.locator('[data-testid=lineage-node][data-kind=dataset][data-selected=true]').waitFor();
  assert.match(
    await page.getByTestId('lineage-detail').innerText(),
    /dataset[\s\S]*[0-9a-f]{16}[\s\S]*Examples/,
  );
}

async function train() {
  const lines = Array.from({ length: 80 }, (_, i) =>
    JSON.stringify({
      text: `Ward ${i} has ${(i * 5) % 7} free beds tonight, and ${i % 3} tomorrow. ${mark}`,
    }),
  );
  mkdirSync(given.datasets, { recursive: true });
  writeFileSync(join(given.datasets, `${DATASET}.jsonl`), `${lines.join('\n')}\n`);
  writeFileSync(join(given.datasets, `${DATASET}.md`), 'Free beds, made up.\n');
  await page.goto(`${base}/datasets`);
  const row = page.locator(`[data-testid=dataset-row][data-dataset="${DATASET}"]`);
  await row.getByText('Not registered', { exact: true }).waitFor();
  await row.getByTestId('dataset-register').click();
  await page.getByTestId('dataset-licence').fill('CC0-1.0');
  const save = page.getByTestId('dataset-save');
  assert.ok(await save.isDisabled(), 'nothing is claimed that nobody said');
  await page.getByTestId('dataset-consent').click();
  await page.getByRole('option', { name: /made up/ }).click();
  await page.getByTestId('dataset-phi').click();
  await page.getByRole('option', { name: 'None', exact: true }).click();
  assert.ok(await save.isDisabled(), 'whether it is clinical was not answered');
  await page.getByTestId('dataset-clinical').getByLabel('No', { exact: true }).check();
  await save.click();
  await row.getByText('Registered', { exact: true }).waitFor();
  passed('a dataset in the folder was registered');
  await page.goto(`${base}/training`);
  await page.getByTestId('start-pretrain').click();
  await page.getByTestId('form-dataset').click();
  await page.getByRole('option', { name: new RegExp(DATASET) }).click();
  await page.getByTestId('recipe-valid').waitFor();
  assert.match(await page.getByTestId('recipe-valid').innerText(), new RegExp(`${DATASET}, version 1`));
  assert.match(await page.getByTestId('recipe-completed').textContent(), /weightDecay/);
  await page.getByTestId('job-recipe').fill(`${RECIPE}colour: green\n`);
  await page.getByTestId('recipe-refusal').waitFor();
  assert.match(await page.getByTestId('recipe-refusal').innerText(), /unknown key 'colour'/);
  const bad = page.locator('.recipe-editor .bad');
  assert.equal(await bad.innerText(), 'colour: green');
  assert.equal(await bad.getAttribute('data-line'), String(RECIPE.split('\n').length));
  assert.ok(await page.getByTestId('job-submit').isDisabled(), 'what is refused cannot be started');
  await page.getByTestId('job-recipe').fill(RECIPE);
  await page.getByTestId('recipe-valid').waitFor();
  const counts = await record('points', '[data-testid=loss-chart]', 'data-points');
  await page.getByTestId('job-submit').click();
  await pauseAndResume();
  await page.getByTestId('job-state').getByText('SUCCEEDED').waitFor({ timeout: 120_000 });
  await page.locator(`[data-testid=loss-chart][data-points="${STEPS}"]`).waitFor();
  // The model is registered a moment after the job has ended; the page then leads to it.
  await page.getByTestId('job-model').waitFor();
  const grown = (await counts()).filter((count) => count > 0);
  assert.ok(grown.length >= 2, `the curve was seen to grow, its points were ${grown}`);
  assert.ok((await page.locator('[data-testid=loss-chart] canvas').count()) === 1, 'the curve is drawn');
  return grown;
}

/** The run rests in the middle and goes on; nothing of its curve is lost. */
async function pauseAndResume() {
  await page.waitForFunction(
    () => Number(document.querySelector('[data-testid=loss-chart]')?.getAttribute('data-points')) > 3,
  );
  await page.getByTestId('job-pause').click();
  await page.getByTestId('job-state').getByText('PAUSED').waitFor();
  await page.getByTestId('tab-log').click();
  await page
    .getByTestId('job-log')
    .getByText(/^paused by/)
    .waitFor();
  await page.screenshot({ path: join(given.shots, 'paused.png') });
  await page.getByTestId('tab-curves').click();
  await page.getByTestId('job-resume').click();
  passed('the run was paused, and goes on');
}

/** Starts a job from the screen and waits on its page until it leads to the model it made. */
async function finish(recipe) {
  await page.goto(`${base}/training/new`);
  await page.getByTestId('job-recipe').fill(recipe);
  await page.getByTestId('recipe-valid').waitFor();
  await page.getByTestId('job-submit').click();
  await page.getByTestId('job-state').getByText('SUCCEEDED').waitFor({ timeout: 60_000 });
  await page.getByTestId('job-model').waitFor();
}

async function moveProduction() {
  await page.goto(`${base}/models`);
  const before = await page.getByTestId('production-model').getByRole('link').innerText();
  const moves = await page.getByTestId('alias-event').count();
  await page.getByTestId('model-row').getByText(FUSED).click();
  // The fusion, and behind it both trainings on the one dataset.
  await page.locator('[data-testid=lineage-node][data-kind=dataset]').first().waitFor();
  assert.equal(await page.locator('[data-testid=lineage-node][data-kind=run]').count(), 3);
  await page.getByTestId('model-promote').click();
  assert.ok(await page.getByTestId('promote-confirm').isDisabled(), 'no promotion without a reason');
  await page.getByTestId('promote-reason').fill(`measured better ${mark}`);
  await page.getByTestId('promote-confirm').click();
  await page.getByText('In production', { exact: true }).waitFor();
  await page.goto(`${base}/models`);
  await page.getByTestId('production-model').getByText(FUSED).waitFor();
  passed(`${FUSED} was promoted`);

  await page.getByTestId('model-rollback').click();
  await page.getByTestId('rollback-reason').fill(`measured worse ${mark}`);
  await page.getByTestId('rollback-confirm').click();
  await page.getByTestId('production-model').getByText(before, { exact: true }).waitFor();
  assert.equal(await page.getByTestId('alias-event').count(), moves + 2);
  assert.match(
    await page.getByTestId('alias-event').first().innerText(),
    new RegExp(`measured worse ${mark}`),
  );
  await page.getByTestId('rollback-confirm').waitFor({ state: 'detached' });
  passed(`it was rolled back to ${before}`);
}

async function audit() {
  const wanted = {
    'clinical.case.create': clinician,
    'clinical.assess': clinician,
    'clinical.reason': clinician,
    'training.dataset.register': admin,
    'training.job.submit': admin,
    'training.job.pause': admin,
    'model.promote': admin,
    'model.rollback': admin,
  };
  for (const [action, actor] of Object.entries(wanted)) {
    await page.getByTestId('audit-action').fill(action);
    const rows = page.getByTestId('audit-row');
    await page.waitForFunction(
      (only) => {
        const shown = [...document.querySelectorAll('[data-testid=audit-row]')];
        return shown.length > 0 && shown.every((row) => row.textContent.includes(only));
      },
      action,
      { timeout: 15_000 },
    );
    assert.ok((await rows.first().innerText()).includes(actor), `${action} is on ${actor}'s account`);
  }
  await page.getByTestId('audit-row').first().click();
  assert.match(await page.getByTestId('audit-detail').innerText(), new RegExp(`measured worse ${mark}`));
  await page.getByTestId('audit-verify').click();
  await page.locator('[data-testid=audit-result][data-valid=true]').waitFor();
  return page.getByTestId('audit-result').innerText();
}

try {
  await signIn(clinician);
  passed(`${clinician} signed in`);
  await enterCase();
  const lengths = await record('lengths', '[data-testid=reasoning][data-state=streaming]', null);
  await page.getByTestId('case-submit').click();
  await page.waitForURL(/\/cases\/[0-9a-f-]{36}$/);
  passed('a case was entered');
  await readDifferential();
  passed('the differential has its evidence, the dangerous apart, and next tests');
  await readReasoning(lengths);
  passed('a citation led to its passage');
  await page.screenshot({ path: join(given.shots, 'case.png') });
  await openInFreshTab(page.url());
  passed("the case's address opens in a fresh tab");
  await readLineage();
  passed('the answer was followed to a run and a dataset');
  await page.screenshot({ path: join(given.shots, 'lineage.png') });

  await signIn(admin);
  const points = await train();
  passed(`a job trained while its curve grew: ${points} points`);
  await page.screenshot({ path: join(given.shots, 'job.png') });
  await finish(SECOND_RECIPE);
  await finish(FUSE_RECIPE);
  passed('a second model was trained from the first, and the two were fused');
  await moveProduction();
  await page.screenshot({ path: join(given.shots, 'models.png') });

  await signIn(auditor);
  passed(`the trail has it all. ${(await audit()).split('\n')[0]}`);
  await page.screenshot({ path: join(given.shots, 'audit.png') });
  assert.deepEqual(complaints, [], 'the browser complained about nothing');
} catch (error) {
  console.error(error);
  for (const text of complaints) console.error(`browser: ${text}`);
  const picture = join(given.shots, 'failed.png');
  await page?.screenshot({ path: picture, timeout: 10_000 }).then(
    () => console.error(`at ${page.url()}, see ${picture}`),
    (also) => console.error(`no screenshot: ${also}`),
  );
  process.exitCode = 1;
} finally {
  await browser.close();
}
