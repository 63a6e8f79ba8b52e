// A stand-in for the platform, for looking at the UI: answers the REST contract with synthetic data and serves dist/.
// Development only. The vocabulary is the real one, read from the knowledge base; everything else is made up.
//   npm run build && npm run mock        http://127.0.0.1:8080, password "demo" for every demo user
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, '..', 'dist');
const knowledge = join(here, '..', '..', 'platform-api', 'src', 'main', 'resources', 'knowledge');
const port = Number(process.env.PORT ?? 8080);
// MOCK_PACE=0 streams without waiting.
const pace = Number(process.env.MOCK_PACE ?? 1);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms * pace));
const sha = (text) => createHash('sha256').update(text).digest('hex');
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

const NOTICE =
  'Decision support for professionals. The knowledge base was written from published guidelines and has not been clinically validated.';

// Vocabulary

function list(text) {
  return [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1]);
}

function readVocabulary() {
  const findings = [];
  const risks = [];
  if (!existsSync(knowledge)) return { findings, risks, notice: NOTICE };
  for (const file of readdirSync(knowledge).filter((name) => name.startsWith('findings'))) {
    let section = null;
    for (const line of readFileSync(join(knowledge, file), 'utf8').split('\n')) {
      const head = line.match(/^(\w+):/);
      if (head) section = head[1];
      const item = line.match(/^\s*- \{id: ([\w-]+), label: "([^"]+)"(?:, kind: (\w+))?/);
      if (!item) continue;
      const synonyms = list(line.match(/synonyms: \[(.*)\]/)?.[1] ?? '');
      const [, id, label, kind] = item;
      if (section === 'risks') risks.push({ id, label, synonyms });
      else findings.push({ id, label, kind: kind ?? 'symptom', synonyms });
    }
  }
  return { findings, risks, notice: NOTICE };
}

const vocabulary = readVocabulary();
const labelOf = (id) =>
  [...vocabulary.findings, ...vocabulary.risks].find((term) => term.id === id)?.label ??
  id.replaceAll('-', ' ');

// People

const tenant = { id: 't-demo', name: 'Demo University Hospital' };
const users = [
  ['clinician', 'Dr. Ada Lindqvist'],
  ['physicist', 'Jonas Weber'],
  ['researcher', 'Prof. Mei Tanaka'],
  ['admin', 'Ivo Marković'],
  ['auditor', 'Helen Okafor'],
].map(([username, displayName]) => ({
  id: `u-${username}`,
  username,
  displayName,
  roles: [username],
  disabled: false,
}));
users.push({
  id: 'u-former',
  username: 'pmeyer',
  displayName: 'Paul Meyer',
  roles: ['clinician', 'researcher'],
  disabled: true,
});
const keys = [
  {
    id: 'k-1',
    name: 'Emergency department information system',
    scopes: ['integrator', 'clinician'],
    prefix: 'mdl_7Qe2',
    expires: ago(-60 * 24 * 200),
    createdAt: ago(60 * 24 * 40),
    lastUsedAt: ago(3),
  },
  {
    id: 'k-2',
    name: 'PACS gateway',
    scopes: ['integrator'],
    prefix: 'mdl_x81K',
    expires: ago(-60 * 24 * 20),
    createdAt: ago(60 * 24 * 300),
    lastUsedAt: null,
  },
];
const sessions = new Map();

// Models

const RECIPE = `# Continues the base model on de-identified discharge letters
name: cardiopulmonary-reasoner
kind: train
seed: 17
model:
  from: medley-base
data:
  - dataset: letters-cardio
    weight: 3
  - dataset: guideline-passages
    weight: 1
steps: 2400
batch: {sequences: 32, length: 512}
optimizer: {name: adamw, learningRate: 3.0e-4, warmup: 120, decay: cosine, weightDecay: 0.1}
precision: fp8
checkpoint: {every: 200}
`;
const FUSE = `name: clinical-fused
kind: fuse
method: ties
density: 0.4
parents:
  - {model: cardiopulmonary-reasoner, weight: 0.5}
  - {model: neurology-reasoner, weight: 0.5}
base: medley-base
`;

function model(id, name, version, kind, days, extra = {}) {
  return {
    id,
    name,
    version,
    sha256: sha(id),
    kind,
    createdAt: ago(days * 1440),
    bytes: 269_060_552,
    parameters: 134_515_008,
    servable: true,
    production: false,
    description: null,
    ...extra,
  };
}
const models = [
  model('m-fused-2', 'clinical-fused', '0.3.1', 'fuse', 2, {
    production: true,
    description: 'Cardiopulmonary and neurological specialists in one',
  }),
  model('m-fused-1', 'clinical-fused', '0.3.0', 'fuse', 9),
  model('m-cardio', 'cardiopulmonary-reasoner', '1.4.0', 'train', 4, {
    description: 'Trained on de-identified letters of the chest clinic',
  }),
  model('m-neuro', 'neurology-reasoner', '1.1.2', 'train', 5),
  model('m-base', 'medley-base', '1.0.0', 'import', 60, {
    description: 'The common starting point',
    bytes: 538_121_104,
  }),
  model('m-teacher', 'clinical-teacher', '2.0.0', 'import', 61, {
    servable: false,
    parameters: 7_241_732_096,
    bytes: 14_483_464_192,
    description: 'Gives logits for distillation only',
  }),
];
function version(name, number, minutes, extra = {}) {
  return {
    id: `v-${name}-${number}`,
    name,
    version: number,
    sha256: sha(`d-${name}-${number}`),
    bytes: 96_400_120,
    files: 1,
    records: 41_280,
    format: 'chat',
    licence: 'Internal use, ethics vote 2026-114',
    consentBasis: 'broad_consent',
    consentNote: '',
    phiClass: 'limited',
    deIdentified: true,
    clinical: true,
    description: 'De-identified discharge letters',
    objection: null,
    createdBy: 'admin',
    createdAt: ago(minutes),
    retiredBy: null,
    retiredAt: null,
    ...extra,
  };
}

function dataset(name, place, versions, extra = {}) {
  const newest = versions[0];
  return {
    name,
    place,
    version: newest?.version ?? null,
    sha256: newest?.sha256 ?? null,
    records: newest?.records ?? null,
    bytes: newest?.bytes ?? 8_120_400,
    files: newest?.files ?? 1,
    format: newest?.format ?? null,
    description: newest?.description ?? '',
    objection: newest?.objection ?? null,
    versions,
    ...extra,
  };
}

const datasets = [
  dataset('guideline-passages', 'registered', [
    version('guideline-passages', 2, 4000, {
      licence: 'CC-BY-4.0',
      consentBasis: 'none_needed_public',
      phiClass: 'none',
      clinical: false,
      format: 'text',
      files: 12,
      records: 6_020,
      description: 'Passages written from published guidelines',
    }),
    version('guideline-passages', 1, 9000, {
      licence: 'CC-BY-4.0',
      consentBasis: 'none_needed_public',
      phiClass: 'none',
      clinical: false,
      format: 'text',
      retiredBy: 'admin',
      retiredAt: ago(3990),
      objection:
        "dataset 'guideline-passages' version 1 is retired; name another version, or register the data again",
      description: 'Passages written from published guidelines, with two that were withdrawn',
    }),
  ]),
  dataset('letters-cardio', 'registered', [
    version('letters-cardio', 3, 8000, { consentNote: 'Vote 2026-114, amended in May' }),
  ]),
  dataset('letters-neuro', 'changed', [version('letters-neuro', 1, 8100, { records: 28_114 })], {
    objection:
      'The file is another than version 1: register it as a new version, or name letters-neuro@1 in recipes.',
  }),
  dataset('letters-raw-export-of-the-whole-chest-clinic-2019-to-2026-with-all-attachments', 'registered', [
    version('letters-raw-export-of-the-whole-chest-clinic-2019-to-2026-with-all-attachments', 1, 300, {
      phiClass: 'identifiable',
      deIdentified: false,
      format: null,
      records: null,
      objection:
        "dataset 'letters-raw-export-of-the-whole-chest-clinic-2019-to-2026-with-all-attachments' version 1 is clinical and not de-identified, so nothing may be trained on it; de-identify it, put the new file in its place, and register that with deIdentified: true",
      description:
        'Everything the archive has of the chest clinic, as it was exported. It waits for the de-identification by the data integration centre; nobody may train on it before. '.repeat(
          2,
        ),
    }),
  ]),
  dataset('ward-questions', 'unregistered', [], {
    bytes: 412_000,
    description: 'Questions that ward physicians wrote down for a week.',
    objection:
      'It is not registered: nothing may be trained on it until its licence and consent basis are known.',
  }),
];

function curve(steps, seed, every = 20) {
  const points = [];
  for (let step = every; step <= steps; step += every) {
    const noise = Math.sin(step * 12.9898 + seed * 78.233) * 0.07;
    const loss = 1.62 + 2.6 * Math.exp(-step / (steps / 5)) + noise + seed * 0.04;
    points.push({
      step,
      loss: Number(loss.toFixed(4)),
      ...(step % (every * 10) === 0 && { evaluationLoss: Number((loss + 0.12 - noise).toFixed(4)) }),
    });
  }
  return points;
}

const lineageOfFused = {
  root: 'm-fused-2',
  nodes: [
    {
      id: 'm-fused-2',
      kind: 'model',
      label: 'clinical-fused',
      sha256: sha('m-fused-2'),
      detail: { version: '0.3.1', parameters: 134515008, bytes: 269060552 },
    },
    {
      id: 'r-fuse',
      kind: 'run',
      label: 'fuse: TIES 0.4',
      detail: {
        state: 'succeeded',
        method: 'ties',
        density: 0.4,
        finishedAt: ago(2880),
        durationSeconds: 74,
      },
      recipe: FUSE,
    },
    {
      id: 'm-cardio',
      kind: 'model',
      label: 'cardiopulmonary-reasoner',
      sha256: sha('m-cardio'),
      detail: { version: '1.4.0', parameters: 134515008 },
    },
    {
      id: 'm-neuro',
      kind: 'model',
      label: 'neurology-reasoner',
      sha256: sha('m-neuro'),
      detail: { version: '1.1.2', parameters: 134515008 },
    },
    {
      id: 'r-cardio',
      kind: 'run',
      label: 'train cardiopulmonary',
      detail: { state: 'succeeded', steps: 2400, finalLoss: 1.6624, precision: 'fp8', finishedAt: ago(5800) },
      curve: curve(2400, 0),
      recipe: RECIPE,
    },
    {
      id: 'r-neuro',
      kind: 'run',
      label: 'train neurology',
      detail: { state: 'succeeded', steps: 1800, finalLoss: 1.7011, precision: 'fp8', finishedAt: ago(7300) },
      curve: curve(1800, 1),
      recipe: RECIPE.replaceAll('cardiopulmonary', 'neurology').replace('letters-cardio', 'letters-neuro'),
    },
    {
      id: 'm-base',
      kind: 'model',
      label: 'medley-base',
      sha256: sha('m-base'),
      detail: { version: '1.0.0', parameters: 134515008, origin: 'imported' },
    },
    ...datasets.map((dataset) => ({
      id: `d-${dataset.name}`,
      kind: 'dataset',
      label: dataset.name,
      sha256: dataset.sha256,
      detail: {
        dataset: `${dataset.name}@${dataset.version}`,
        licence: dataset.versions[0]?.licence,
        deIdentified: dataset.versions[0]?.deIdentified,
        examples: dataset.records,
        bytes: dataset.bytes,
      },
    })),
  ],
  edges: [
    { from: 'm-fused-2', to: 'r-fuse', role: 'made by' },
    { from: 'r-fuse', to: 'm-cardio', role: 'specialist' },
    { from: 'r-fuse', to: 'm-neuro', role: 'specialist' },
    { from: 'm-cardio', to: 'r-cardio', role: 'made by' },
    { from: 'm-neuro', to: 'r-neuro', role: 'made by' },
    { from: 'r-cardio', to: 'm-base', role: 'start' },
    { from: 'r-neuro', to: 'm-base', role: 'start' },
    { from: 'r-cardio', to: 'd-letters-cardio', role: 'data' },
    { from: 'r-neuro', to: 'd-letters-neuro', role: 'data' },
    { from: 'r-cardio', to: 'd-guideline-passages', role: 'data' },
    { from: 'r-neuro', to: 'd-guideline-passages', role: 'data' },
  ],
};

function lineage(id) {
  const reached = new Set([id]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const edge of lineageOfFused.edges) {
      if (reached.has(edge.from) && !reached.has(edge.to)) grown = Boolean(reached.add(edge.to));
    }
  }
  const nodes = lineageOfFused.nodes.filter((node) => reached.has(node.id));
  if (nodes.length === 0) {
    const own = models.find((item) => item.id === id);
    nodes.push({ id, kind: 'model', label: own.name, sha256: own.sha256, detail: { version: own.version } });
  }
  return { root: id, nodes, edges: lineageOfFused.edges.filter((edge) => reached.has(edge.from)) };
}

function detail(item) {
  const made = lineageOfFused.edges.find((edge) => edge.from === item.id)?.to;
  const parts = lineageOfFused.edges.filter((edge) => edge.from === made);
  const run = lineageOfFused.nodes.find((node) => node.id === made);
  return {
    ...item,
    recipe: run?.recipe ?? null,
    parents: parts.flatMap(({ to, role }) => {
      const parent = models.find((other) => other.id === to);
      return parent ? [{ id: parent.id, name: parent.name, sha256: parent.sha256, role }] : [];
    }),
    datasets: parts.flatMap(({ to }) => {
      const dataset = datasets.find((other) => `d-${other.name}` === to);
      return dataset
        ? [
            {
              role: 'data',
              name: dataset.name,
              sha256: dataset.sha256,
              examples: dataset.examples,
              tokens: dataset.bytes / 4,
            },
          ]
        : [];
    }),
    evaluation:
      item.kind === 'import'
        ? []
        : [
            { name: 'held-out loss', value: 1.7482 },
            { name: 'top-3 differential agreement', value: 0.812 },
            { name: 'sentences supported by their citation', value: 0.934 },
          ],
  };
}

const brief = ({ id, name, version }) => ({ id, name, version });
const ref = ({ id, name, version, sha256 }) => ({ id, name, version, sha256 });
const inProduction = () => models.find((item) => item.production);
const aliasEvents = [
  {
    sequence: 1,
    at: ago(12_900),
    actor: 'admin',
    from: null,
    to: brief(models[1]),
    rollback: false,
    reason: 'First fused model; evaluation reviewed with the chest clinic',
  },
  {
    sequence: 2,
    at: ago(2_700),
    actor: 'admin',
    from: brief(models[1]),
    to: brief(models[0]),
    rollback: false,
    reason: 'Neurology improved, cardiopulmonary unchanged on the held-out cases',
  },
];

function promote(target, actor, reason, rollback = false) {
  const now = inProduction();
  for (const item of models) item.production = item === target;
  aliasEvents.push({
    sequence: aliasEvents.length + 1,
    at: new Date().toISOString(),
    actor,
    from: now ? brief(now) : null,
    to: brief(target),
    rollback,
    reason,
  });
}

// Training

const rewards = [
  { name: 'exact', about: 'the answer is the right one', keys: ['field', 'ignoreCase', 'pattern'] },
  { name: 'judge', about: 'another model says yes to it', keys: ['model', 'question'] },
];
const recipes = [
  {
    name: 'clinical-tiny',
    kind: 'train',
    description: 'A small model from nothing, minutes on a laptop',
    yaml: RECIPE.replace('cardiopulmonary-reasoner', 'clinical-tiny').replace('2400', '300'),
  },
  {
    name: 'cardiopulmonary',
    kind: 'train',
    description: 'Continues the base model on the chest clinic’s letters',
    yaml: RECIPE,
  },
  {
    name: 'fuse-clinical',
    kind: 'fuse',
    description: 'Two specialists into one model, by TIES merging',
    yaml: FUSE,
  },
];
const jobs = [];
const metrics = new Map();
const logs = new Map();

/** A job as the platform shows it. */
function shown(job, whole = false) {
  const { recipe, ...rest } = job;
  const told = metrics.get(job.id) ?? [];
  const latest = Object.assign({}, ...told.slice(-40));
  const over = ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(job.state);
  const paced = told.length > 1 ? 0.89 : null;
  return {
    ...rest,
    latest,
    secondsPerStep: paced,
    secondsLeft: over || !paced ? null : paced * (job.steps - job.step),
    ...(whole && {
      recipe,
      datasets:
        job.kind === 'fuse'
          ? []
          : [datasets[1], datasets[0]].map((item) => ({
              reference: item.name,
              id: item.versions[0].id,
              name: item.name,
              version: item.version,
              sha256: item.sha256,
            })),
      history: [
        { at: job.createdAt, from: null, to: 'QUEUED', worker: null },
        ...(job.startedAt ? [{ at: job.startedAt, from: 'QUEUED', to: 'RUNNING', worker: job.worker }] : []),
        ...(over ? [{ at: job.finishedAt, from: 'RUNNING', to: job.state, worker: job.worker }] : []),
      ],
    }),
  };
}

function metric(point, steps) {
  const warm = Math.min(1, point.step / (steps * 0.05));
  return {
    ...point,
    learningRate: 3e-4 * warm * (0.55 + 0.45 * Math.cos((Math.PI * point.step) / steps)),
    gradientNorm: 0.9 + 1.8 * Math.exp(-point.step / (steps / 6)) + 0.2 * Math.abs(Math.sin(point.step)),
    tokens: point.step * 16_384,
    tokensPerSecond: 18_400 + 600 * Math.sin(point.step / 90),
    mfu: 0.41 + 0.01 * Math.sin(point.step / 60),
    ...(steps === 900 && {
      reward: 0.9 - 0.6 * Math.exp(-point.step / 300),
      answerLength: 120 + point.step / 10,
    }),
  };
}

const seedOf = (id) => Number(id.slice(2)) % 4;

function addJob(id, name, kind, state, minutes, steps, step, extra = {}) {
  const started = state === 'QUEUED' ? null : ago(minutes - 1);
  const over = !['QUEUED', 'RUNNING', 'PAUSED'].includes(state);
  const job = {
    id,
    name,
    kind,
    ...(kind === 'train' && { stage: 'finetune' }),
    state,
    pausing: false,
    cancelling: false,
    silent: false,
    createdBy: 'admin',
    createdAt: ago(minutes),
    startedAt: started,
    finishedAt: over ? ago(Math.max(1, minutes - 38)) : null,
    step,
    steps,
    message: null,
    error: null,
    worker: started ? 'worker-gpu-04-2113' : null,
    modelId: null,
    recipe: kind === 'fuse' ? FUSE : RECIPE,
    ...extra,
  };
  jobs.unshift(job);
  logs.set(
    id,
    started
      ? [
          'worker worker-gpu-04-2113 takes the job',
          'needs 11.42 GB of memory: weights 0.50 GB, gradients 0.50 GB, optimizer adamw 1.00 GB, activations 8.92 GB, checkpoint 1.50 GB',
          'dataset letters-cardio: 41280 records, 19402113 tokens, 8120441 of them learned',
          ...(step > 900
            ? ['step 871 is not taken: loss 7.1, gradient norm 812.4; its data is skipped']
            : []),
          ...(over ? [`the job is ${state}`] : []),
        ]
      : [],
  );
  metrics.set(
    id,
    kind === 'fuse'
      ? []
      : curve(steps, seedOf(id), 10)
          .filter((p) => p.step <= step)
          .map((p) => metric(p, steps)),
  );
  return job;
}
addJob('j-1', 'neurology-reasoner', 'train', 'SUCCEEDED', 7300, 1800, 1800, { modelId: 'm-neuro' });
addJob('j-2', 'cardiopulmonary-reasoner', 'train', 'SUCCEEDED', 5800, 2400, 2400, { modelId: 'm-cardio' });
addJob('j-3', 'cardiopulmonary-high-rate', 'train', 'FAILED', 4200, 2400, 410, {
  error: 'Loss became NaN at step 412 (gradient norm 8.1e+04). Last checkpoint: step 400.',
});
addJob('j-4', 'clinical-fused', 'fuse', 'SUCCEEDED', 2900, 272, 272, { modelId: 'm-fused-2' });
addJob('j-5', 'clinical-tiny', 'train', 'CANCELLED', 300, 300, 120, { message: 'Cancelled by admin' });
addJob('j-6', 'cardiopulmonary-reasoner', 'train', 'RUNNING', 26, 2400, 1310, {
  message: 'Training, checkpoint at step 1200',
});
addJob('j-7', 'neurology-reasoner', 'train', 'QUEUED', 2, 1800, 0, {});
addJob(
  'j-8',
  'sums-reinforced-with-a-name-that-is-as-long-as-a-name-may-be-63',
  'train',
  'PAUSED',
  90,
  900,
  400,
  {
    stage: 'reinforce',
  },
);

function jobOf(id) {
  return found(
    jobs.find((item) => item.id === id),
    'job',
  );
}

/** What would be wrong with a recipe, as far as this stand-in can tell. */
function refusalOf(recipe) {
  const lines = recipe.split('\n');
  const at = (pattern) => lines.findIndex((line) => pattern.test(line)) + 1;
  if (at(/^nonsense/))
    return {
      line: at(/^nonsense/),
      message:
        "unknown key 'nonsense'; possible here: adapter, average, batchTokens, checkpoint, data, description, dtype, epochs, evaluation, exchange, microTokens, model, name, optimizer, precision, recompute, reinforce, samples, seed, sequence, stability, stage, steps, tooLong",
    };
  if (at(/dataset: ""/))
    return {
      line: at(/dataset: ""/),
      message: 'data[0].dataset is missing; the name of a dataset or the path of one',
    };
  if (at(/(from|model): ""/))
    return { line: at(/(from|model): ""/), message: 'model.from is missing; the name or folder of a model' };
  return null;
}

const live = new Set(['j-6']);
setInterval(() => {
  for (const job of jobs) {
    if (!live.has(job.id)) continue;
    if (job.state === 'QUEUED') {
      job.state = 'RUNNING';
      job.startedAt = new Date().toISOString();
      job.message = 'Training';
    }
    const next = curve(job.steps, seedOf(job.id), 10).find((point) => point.step > job.step);
    if (!next) {
      Object.assign(job, {
        state: 'SUCCEEDED',
        finishedAt: new Date().toISOString(),
        message: 'Model written',
        modelId: 'm-cardio',
      });
      live.delete(job.id);
      continue;
    }
    job.step = next.step;
    metrics.get(job.id).push(metric(next, job.steps));
  }
}, 400).unref();

// Clinical

const esc2019 = {
  id: 'esc-2019-pe',
  title: '2019 ESC Guidelines for the diagnosis and management of acute pulmonary embolism',
  body: 'European Society of Cardiology',
  year: 2019,
};
const nice250 = {
  id: 'nice-ng250',
  title: 'Pneumonia: diagnosis and management (NG250)',
  body: 'National Institute for Health and Care Excellence',
  year: 2025,
};
const esc2023 = {
  id: 'esc-2023-acs',
  title: '2023 ESC Guidelines for the management of acute coronary syndromes',
  body: 'European Society of Cardiology',
  year: 2023,
};
const esc2025 = {
  id: 'esc-2025-pericarditis',
  title: '2025 ESC Guidelines for the management of myocarditis and pericarditis',
  body: 'European Society of Cardiology',
  year: 2025,
};

const passages = [
  [
    'pulmonary-embolism',
    'Pulmonary embolism',
    'presentation',
    'Pulmonary embolism typically brings sudden breathlessness, pain on breathing in and a fast heart rate. Signs in the lungs may be few. A swollen leg, syncope or blood in the sputum each add weight.',
    [esc2019],
  ],
  [
    'pulmonary-embolism',
    'Pulmonary embolism',
    'distinguishing',
    'Purulent sputum and crackles favour pneumonia; pressing pain into the arm favours a coronary cause. Recent surgery, immobility, cancer or an earlier thrombosis shift the balance towards embolism.',
    [esc2019],
  ],
  [
    'pulmonary-embolism',
    'Pulmonary embolism',
    'investigation',
    'A structured pre-test score decides between D-dimer and immediate CT pulmonary angiography. Echocardiography looks for right-heart strain in unstable patients.',
    [esc2019],
  ],
  [
    'pneumonia',
    'Community-acquired pneumonia',
    'presentation',
    'Pneumonia presents with cough, fever and breathlessness over days, often with purulent sputum. Crackles and bronchial breathing over one lobe support it.',
    [nice250],
  ],
  [
    'acs',
    'Acute coronary syndrome',
    'distinguishing',
    'A normal first ECG does not exclude a coronary cause. Pain that depends on breathing or position lowers its probability.',
    [esc2023],
  ],
  [
    'pericarditis',
    'Acute pericarditis',
    'presentation',
    'Sharp pain eased by leaning forward, a rub, and widespread ST elevation point to pericarditis; a viral illness often precedes it.',
    [esc2025, esc2023],
  ],
].map(([id, title, section, text, source], index) => ({
  number: index + 1,
  id: `${id}#${section}`,
  title,
  section,
  text,
  source,
}));

const ev = (finding, present, ratio) => ({
  finding,
  label: labelOf(finding),
  present,
  weight: Math.log(ratio),
});
const candidates = [
  {
    conditionId: 'pulmonary-embolism',
    name: 'Pulmonary embolism',
    icd10: 'I26.9',
    specialty: 'cardiopulmonary',
    probability: 0.614,
    cantMiss: true,
    for: [
      ev('sudden-dyspnoea', true, 9),
      ev('chest-pain-pleuritic', true, 6.4),
      ev('leg-swelling-one-sided', true, 5.1),
      ev('tachycardia', true, 2.9),
      ev('recent-surgery', true, 4),
      ev('productive-cough', false, 1.3),
    ],
    against: [ev('haemoptysis', false, 0.83), ev('syncope', false, 0.86)],
    management: [
      'Anticoagulation, started while imaging is awaited if probability is high and bleeding risk acceptable',
      'Reperfusion considered when blood pressure is not sustained',
    ],
    sources: [esc2019],
  },
  {
    conditionId: 'community-acquired-pneumonia',
    name: 'Community-acquired pneumonia',
    icd10: 'J18.9',
    specialty: 'cardiopulmonary',
    probability: 0.142,
    cantMiss: false,
    for: [ev('chest-pain-pleuritic', true, 2.4), ev('tachypnoea', true, 1.9)],
    against: [ev('fever', false, 0.31), ev('productive-cough', false, 0.42)],
    management: ['Antibiotic choice by severity and local resistance'],
    sources: [nice250],
  },
  {
    conditionId: 'acute-pericarditis',
    name: 'Acute pericarditis',
    icd10: 'I30.9',
    specialty: 'cardiopulmonary',
    probability: 0.068,
    cantMiss: false,
    for: [ev('chest-pain-pleuritic', true, 4.2)],
    against: [ev('leg-swelling-one-sided', true, 0.4)],
    management: ['Anti-inflammatory treatment with colchicine'],
    sources: [esc2025],
  },
  {
    conditionId: 'acute-coronary-syndrome',
    name: 'Acute coronary syndrome',
    icd10: 'I24.9',
    specialty: 'cardiopulmonary',
    probability: 0.047,
    cantMiss: true,
    for: [ev('dyspnoea', true, 1.4)],
    against: [ev('chest-pain-pleuritic', true, 0.35), ev('pain-radiating-arm', false, 0.6)],
    management: ['Serial ECG and high-sensitivity troponin'],
    sources: [esc2023],
  },
  {
    conditionId: 'pneumothorax',
    name: 'Spontaneous pneumothorax',
    icd10: 'J93.1',
    specialty: 'cardiopulmonary',
    probability: 0.041,
    cantMiss: true,
    for: [ev('sudden-dyspnoea', true, 5), ev('chest-pain-pleuritic', true, 4.6)],
    against: [ev('reduced-breath-sounds-one-side', false, 0.22)],
    management: [],
    sources: [],
  },
  ...[
    ['costochondritis', 'Costochondritis', 'M94.0', 0.031],
    ['acute-heart-failure', 'Acute heart failure', 'I50.9', 0.022],
    ['panic-attack', 'Panic attack', 'F41.0', 0.014],
    ['asthma-exacerbation', 'Exacerbation of asthma', 'J45.9', 0.011],
    ['aortic-dissection', 'Aortic dissection', 'I71.0', 0.004],
    ['myocarditis', 'Myocarditis', 'I40.9', 0.0008],
  ].map(([conditionId, name, icd10, probability]) => ({
    conditionId,
    name,
    icd10,
    specialty: 'cardiopulmonary',
    probability,
    cantMiss: conditionId === 'aortic-dissection',
    for: [],
    against: [ev('leg-swelling-one-sided', true, 0.5)],
    management: [],
    sources: [],
  })),
].map((item, index) => ({
  rank: index + 1,
  band: item.probability >= 0.3 ? 'likely' : item.probability >= 0.03 ? 'possible' : 'unlikely',
  ...item,
}));

const SENTENCES = [
  {
    text: 'Pulmonary embolism explains this presentation best: sudden breathlessness, pain on breathing in and a fast heart rate are its usual picture [1].',
    citations: [1],
    status: 'supported',
    support: 0.91,
  },
  {
    text: 'The operation twelve days ago and the swollen leg shift the balance further towards it [2].',
    citations: [2],
    status: 'supported',
    support: 0.84,
  },
  {
    text: 'Pneumonia is less likely, as there is neither fever nor purulent sputum [4][2].',
    citations: [4, 2],
    status: 'supported',
    support: 0.79,
  },
  {
    text: 'The pain is typical for a tear of the aorta [5].',
    citations: [5],
    status: 'unsupported',
    support: 0.12,
  },
  {
    text: 'A coronary cause is not excluded by a normal first ECG, although pain that depends on breathing makes it less probable [5].',
    citations: [5],
    status: 'supported',
    support: 0.88,
  },
  {
    text: 'With a high pre-test probability, CT pulmonary angiography comes before D-dimer [3].',
    citations: [3],
    status: 'supported',
    support: 0.77,
  },
  {
    text: 'The patient should be kept under observation until then.',
    citations: [],
    status: 'uncited',
    support: null,
  },
];

const cases = [];
const assessments = new Map();

function addCase(input, minutes) {
  const item = {
    id: `c-${cases.length + 1}`,
    title: null,
    history: null,
    risks: [],
    medicines: [],
    allergies: [],
    vitals: {},
    present: [],
    absent: [],
    ...input,
    createdAt: ago(minutes),
    assessments: [],
  };
  cases.unshift(item);
  return item;
}

function assess(item) {
  const id = `a-${assessments.size + 1}`;
  const assessment = {
    id,
    caseId: item.id,
    createdAt: new Date().toISOString(),
    model: ref(inProduction()),
    knowledge: { version: '2026.1', notice: NOTICE },
    differential: candidates,
    cantMiss: candidates
      .filter((c) => c.cantMiss)
      .map((c) => ({
        conditionId: c.conditionId,
        name: c.name,
        icd10: c.icd10,
        probability: c.probability,
        why: {
          'pulmonary-embolism': 'Most probable, and treatable before it is proven',
          'acute-coronary-syndrome': 'A normal first ECG does not exclude it',
          pneumothorax: 'Can become a tension pneumothorax within minutes',
          'aortic-dissection': 'Rare, but anticoagulation would be disastrous',
        }[c.conditionId],
      })),
    redFlags: [
      { finding: 'hypoxaemia', label: 'low oxygen saturation' },
      { finding: 'tachycardia', label: 'fast heart rate at rest' },
    ],
    nextTests: [
      {
        test: 'CT pulmonary angiography',
        condition: 'Pulmonary embolism',
        changes:
          'A filling defect confirms it; a normal study of good quality moves attention to pneumonia or pericarditis.',
        discriminates: ['Pulmonary embolism', 'Community-acquired pneumonia'],
      },
      {
        test: 'ECG and high-sensitivity troponin, twice',
        condition: 'Acute coronary syndrome',
        changes:
          'Two normal values three hours apart make a coronary cause unlikely; widespread ST elevation points to pericarditis.',
        discriminates: ['Acute coronary syndrome', 'Acute pericarditis'],
      },
      {
        test: 'Chest film',
        condition: 'Spontaneous pneumothorax',
        changes: 'Shows a pneumothorax or a consolidation; a clear film fits embolism.',
        discriminates: ['Spontaneous pneumothorax', 'Community-acquired pneumonia'],
      },
    ],
    computedVitals: [
      { finding: 'tachycardia', label: 'fast heart rate', from: '118 /min' },
      { finding: 'hypoxaemia', label: 'low oxygen saturation', from: '91 %' },
    ].filter(() => item.vitals.heartRate),
    missing: ['cough: present or absent?', 'earlier thrombosis', 'respiratory rate'],
    passages,
    reasoning: null,
    signed: null,
  };
  assessments.set(id, assessment);
  item.assessments.push({ id, createdAt: assessment.createdAt, model: assessment.model, signedAt: null });
  return assessment;
}

addCase(
  {
    title: 'Fever and stiff neck',
    age: 24,
    sex: 'male',
    complaint: 'Headache and fever since yesterday, light hurts',
  },
  9000,
);
const second = addCase(
  {
    title: null,
    age: 71,
    sex: 'female',
    complaint: 'Sudden weakness of the right arm, speech slurred for twenty minutes, now better',
  },
  3100,
);
assess(second);
const third = addCase(
  {
    title: 'Breathless after knee replacement',
    age: 58,
    sex: 'female',
    complaint: 'Sudden pain on breathing in and breathlessness since this morning',
    present: ['sudden-dyspnoea', 'chest-pain-pleuritic', 'leg-swelling-one-sided', 'dyspnoea'],
    absent: ['fever', 'productive-cough', 'haemoptysis', 'syncope'],
    risks: ['recent-surgery', 'immobility'],
    vitals: { temperatureC: 37.1, heartRate: 118, systolic: 112, diastolic: 70, oxygenSaturation: 91 },
    history: 'Total knee replacement twelve days ago. Prophylactic heparin stopped on discharge.',
    medicines: ['ramipril 5 mg', 'paracetamol'],
    allergies: ['penicillin'],
  },
  40,
);
assess(third);

// Audit

const events = [];
function audit(actor, roles, action, subject, detailOf, outcome = 'success', at = new Date().toISOString()) {
  const previousHash = events.at(-1)?.hash ?? '0'.repeat(64);
  const sequence = events.length + 1;
  events.push({
    sequence,
    at,
    actor,
    roles,
    action,
    subject,
    outcome,
    detail: detailOf,
    previousHash,
    hash: sha(`${previousHash}${sequence}${action}`),
  });
}
for (let i = 0; i < 130; i++) {
  const [actor, action, subject, info, outcome] = [
    ['clinician', 'session.login', 'clinician', { address: '10.2.0.14' }],
    ['clinician', 'clinical.case.read', 'c-3', { fields: ['findings', 'vitals'] }],
    [
      'clinician',
      'clinical.assessment.create',
      'a-2',
      { caseId: 'c-3', model: ref(models[0]), knowledge: '2026.1', candidates: 11 },
    ],
    [
      'clinician',
      'model.inference',
      'm-fused-2',
      { purpose: 'clinical.reasoning', promptTokens: 1412, completionTokens: 186 },
    ],
    ['admin', 'training.job.start', 'j-6', { recipe: 'cardiopulmonary-reasoner', steps: 2400 }],
    ['admin', 'session.login', 'admin', { address: '10.2.0.9' }, i % 3 ? 'success' : 'failure'],
    ['physicist', 'model.read', 'm-fused-2', {}],
  ][i % 7];
  audit(actor, [actor], action, subject, info, outcome, ago((130 - i) * 23));
}

// HTTP

// The same policy as the platform's.
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

class Refusal extends Error {
  constructor(status, code, title, detailText, errors) {
    super(detailText);
    Object.assign(this, { status, code, title, errors });
  }
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
const json = async (request) => JSON.parse((await body(request)) || '{}');

function sse(response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  return (data) => response.write(`data: ${JSON.stringify(data)}\n\n`);
}

function need(user, ...roles) {
  if (!user) throw new Refusal(401, 'UNAUTHENTICATED', 'Not signed in', 'Sign in first.');
  if (!roles.some((role) => user.roles.includes(role))) {
    throw new Refusal(403, 'FORBIDDEN', 'Not for your role', `This needs one of: ${roles.join(', ')}.`);
  }
}

function found(item, what) {
  if (!item) throw new Refusal(404, 'NOT_FOUND', `No such ${what}`, `There is no ${what} with this id here.`);
  return item;
}

const READERS = ['admin', 'clinician', 'physicist', 'researcher'];

/** method, pattern, handler(request, response, [groups], user, url); what the handler returns is the JSON answer. */
const routes = [
  [
    'POST',
    /^\/api\/session\/login$/,
    async (request, response) => {
      const form = new URLSearchParams(await body(request));
      const user = users.find((item) => item.username === form.get('j_username') && !item.disabled);
      if (!user || form.get('j_password') !== 'demo')
        throw new Refusal(401, 'BAD_CREDENTIALS', 'Sign-in refused', 'User name or password is wrong.');
      const id = randomUUID();
      sessions.set(id, user);
      audit(user.username, user.roles, 'session.login', user.username, {});
      response.setHeader('Set-Cookie', `medley_session=${id}; Path=/; HttpOnly; SameSite=Strict`);
      return {};
    },
  ],
  [
    'GET',
    /^\/api\/session$/,
    (_q, _r, _g, user) => {
      need(user, ...(user?.roles ?? ['none']));
      return { username: user.username, displayName: user.displayName, tenant, roles: user.roles };
    },
  ],
  [
    'DELETE',
    /^\/api\/session$/,
    (_q, response) => {
      response.setHeader('Set-Cookie', 'medley_session=; Path=/; Max-Age=0');
      response.statusCode = 204;
    },
  ],
  ['GET', /^\/api\/users$/, (_q, _r, _g, user) => (need(user, 'admin'), users)],
  [
    'POST',
    /^\/api\/users$/,
    async (request, response, _g, user) => {
      need(user, 'admin');
      const input = await json(request);
      if (users.some((item) => item.username === input.username))
        throw new Refusal(400, 'BAD_USER', 'The user cannot be made', 'One field is wrong.', [
          { field: 'username', message: 'is taken' },
        ]);
      const made = { id: `u-${input.username}`, disabled: false, ...input, password: undefined };
      users.push(made);
      response.statusCode = 201;
      return made;
    },
  ],
  [
    'PATCH',
    /^\/api\/users\/([^/]+)$/,
    async (request, _r, [id], user) => {
      need(user, 'admin');
      const { password: _, ...change } = await json(request);
      return Object.assign(
        found(
          users.find((item) => item.id === id),
          'user',
        ),
        change,
      );
    },
  ],
  ['GET', /^\/api\/keys$/, (_q, _r, _g, user) => (need(user, 'admin'), keys)],
  [
    'POST',
    /^\/api\/keys$/,
    async (request, response, _g, user) => {
      need(user, 'admin');
      const made = {
        id: `k-${keys.length + 1}`,
        createdAt: new Date().toISOString(),
        lastUsedAt: null,
        ...(await json(request)),
      };
      keys.push(made);
      response.statusCode = 201;
      return { ...made, key: `mdl_${sha(made.id).slice(0, 40)}` };
    },
  ],
  [
    'DELETE',
    /^\/api\/keys\/([^/]+)$/,
    (_q, response, [id], user) => {
      need(user, 'admin');
      keys.splice(
        keys.indexOf(
          found(
            keys.find((item) => item.id === id),
            'key',
          ),
        ),
        1,
      );
      response.statusCode = 204;
    },
  ],
  [
    'GET',
    /^\/api\/audit$/,
    (_q, _r, _g, user, url) => {
      need(user, 'auditor');
      const limit = Number(url.searchParams.get('limit') ?? 50);
      const before = Number(url.searchParams.get('before') ?? Number.MAX_SAFE_INTEGER);
      const matching = events
        .filter(
          (e) =>
            e.sequence < before &&
            e.action.includes(url.searchParams.get('action') ?? '') &&
            e.actor.includes(url.searchParams.get('actor') ?? ''),
        )
        .reverse();
      return { events: matching.slice(0, limit), more: matching.length > limit };
    },
  ],
  [
    'GET',
    /^\/api\/audit\/verification$/,
    async (_q, _r, _g, user) => {
      need(user, 'auditor');
      await sleep(300);
      // MOCK_BROKEN=1 shows the other answer.
      if (process.env.MOCK_BROKEN)
        return {
          valid: false,
          events: events.length,
          headHash: events.at(-1).hash,
          firstBroken: { sequence: 57, reason: 'The stored hash is not that of the stored content.' },
        };
      return { valid: true, events: events.length, headHash: events.at(-1).hash };
    },
  ],
  ['GET', /^\/api\/models$/, (_q, _r, _g, user) => (need(user, ...READERS), models)],
  [
    'GET',
    /^\/api\/models\/aliases\/production$/,
    (_q, _r, _g, user) => {
      need(user, ...READERS);
      return { model: ref(inProduction()), events: aliasEvents };
    },
  ],
  [
    'PUT',
    /^\/api\/models\/aliases\/production$/,
    async (request, _r, _g, user) => {
      need(user, 'admin');
      const { modelId, reason } = await json(request);
      promote(
        found(
          models.find((item) => item.id === modelId),
          'model',
        ),
        user.username,
        reason,
      );
      return {};
    },
  ],
  [
    'POST',
    /^\/api\/models\/aliases\/production\/rollback$/,
    async (request, _r, _g, user) => {
      need(user, 'admin');
      const { reason } = await json(request);
      promote(
        models.find((item) => item.id === aliasEvents.at(-1).from?.id),
        user.username,
        reason,
        true,
      );
      return {};
    },
  ],
  [
    'GET',
    /^\/api\/models\/([^/]+)$/,
    (_q, _r, [id], user) => (
      need(user, ...READERS),
      detail(
        found(
          models.find((item) => item.id === id),
          'model',
        ),
      )
    ),
  ],
  [
    'GET',
    /^\/api\/models\/([^/]+)\/lineage$/,
    (_q, _r, [id], user) => {
      need(user, ...READERS);
      found(
        models.find((item) => item.id === id),
        'model',
      );
      return lineage(id);
    },
  ],
  ['GET', /^\/api\/training\/rewards$/, (_q, _r, _g, user) => (need(user, 'admin'), rewards)],
  ['GET', /^\/api\/training\/recipes$/, (_q, _r, _g, user) => (need(user, 'admin'), recipes)],
  ['GET', /^\/api\/training\/datasets$/, (_q, _r, _g, user) => (need(user, 'admin'), datasets)],
  [
    'GET',
    /^\/api\/training\/jobs$/,
    (_q, _r, _g, user) => (need(user, 'admin'), jobs.map((job) => shown(job))),
  ],
  [
    'POST',
    /^\/api\/training\/jobs$/,
    async (request, response, _g, user) => {
      need(user, 'admin');
      const { recipe } = await json(request);
      const refusal = refusalOf(recipe);
      if (refusal)
        throw new Refusal(400, 'BAD_RECIPE', 'Bad Request', `recipe:${refusal.line}: ${refusal.message}`);
      const steps = Number(recipe.match(/^steps: (\d+)/m)?.[1] ?? 1);
      const job = addJob(
        `j-${jobs.length + 1}`,
        recipe.match(/^name: (\S+)/m)?.[1] ?? 'job',
        recipe.match(/^kind: (\S+)/m)?.[1] ?? 'train',
        'QUEUED',
        0,
        steps,
        0,
        { recipe },
      );
      live.add(job.id);
      response.statusCode = 201;
      return shown(job);
    },
  ],
  [
    'GET',
    /^\/api\/training\/jobs\/([^/]+)$/,
    (_q, _r, [id], user) => (need(user, 'admin'), shown(jobOf(id), true)),
  ],
  [
    'GET',
    /^\/api\/training\/jobs\/([^/]+)\/metrics$/,
    (_q, _r, [id], user) => (need(user, 'admin'), found(metrics.get(id), 'job')),
  ],
  [
    'GET',
    /^\/api\/training\/metrics$/,
    (_q, _r, _g, user, url) => (
      need(user, 'admin'),
      url.searchParams.getAll('job').map((id) => ({ job: shown(jobOf(id)), points: metrics.get(id) }))
    ),
  ],
  [
    'GET',
    /^\/api\/training\/jobs\/([^/]+)\/log$/,
    (_q, _r, [id], user, url) => {
      need(user, 'admin');
      const job = jobOf(id);
      return logs
        .get(id)
        .map((text, index) => ({ sequence: index + 1, at: job.startedAt ?? job.createdAt, text }))
        .filter((line) => line.sequence > Number(url.searchParams.get('after') ?? 0));
    },
  ],
  [
    'GET',
    /^\/api\/training\/jobs\/([^/]+)\/samples$/,
    (_q, _r, [id], user) => {
      need(user, 'admin');
      const job = jobOf(id);
      return [1200, 800, 400]
        .filter((step) => step <= job.step)
        .flatMap((step) => [
          {
            step,
            at: ago(5),
            prompt: 'A man of 58 has had pressure behind the breastbone for an hour. What is most likely?',
            answer:
              step > 1000
                ? 'Most likely is an acute coronary syndrome [1]. An ECG within ten minutes and a troponin decide [2].'
                : step > 600
                  ? 'Most likely is an acute acute coronary syndrome syndrome [1].'
                  : 'the the pain of of the',
          },
          {
            step,
            at: ago(5),
            prompt: 'Since when?',
            answer: step > 600 ? 'Since this morning.\nIt began at rest.' : '\n \n\n\n',
          },
        ]);
    },
  ],
  [
    'GET',
    /^\/api\/training\/jobs\/([^/]+)\/events$/,
    async (request, response, [id], user) => {
      need(user, 'admin');
      const job = jobOf(id);
      const send = sse(response);
      let sent = metrics.get(id).length;
      for (let state = ''; !request.destroyed && !response.destroyed; await sleep(250)) {
        for (const item of metrics.get(id).slice(sent)) send({ type: 'metric', ...item });
        sent = metrics.get(id).length;
        const now = JSON.stringify(job);
        if (now !== state) send({ type: 'job', ...shown(job) });
        state = now;
        if (job.finishedAt) break;
      }
      response.end();
    },
  ],
  [
    'POST',
    /^\/api\/training\/jobs\/([^/]+)\/(pause|resume|cancel)$/,
    (_q, response, [id, wish], user) => {
      need(user, 'admin');
      const job = jobOf(id);
      if (job.finishedAt)
        throw new Refusal(409, 'JOB_ENDED', 'Conflict', `job ${job.name} has ended as ${job.state}`);
      if (wish === 'cancel') {
        Object.assign(job, { state: 'CANCELLED', finishedAt: new Date().toISOString() });
        live.delete(id);
      } else {
        job.state = wish === 'pause' ? 'PAUSED' : job.step > 0 ? 'RUNNING' : 'QUEUED';
        if (wish === 'pause') live.delete(id);
        else live.add(id);
      }
      logs.get(id).push(`${wish}d by ${user.username}`.replace('canceld', 'cancelled'));
      response.statusCode = 202;
      return shown(job);
    },
  ],
  [
    'POST',
    /^\/api\/training\/recipes\/validation$/,
    async (request, _r, _g, user) => {
      need(user, 'admin');
      const { recipe } = await json(request);
      const refusal = refusalOf(recipe);
      if (refusal) return { valid: false, refusal };
      return {
        valid: true,
        name: recipe.match(/^name: (\S+)/m)?.[1],
        kind: recipe.match(/^kind: (\S+)/m)?.[1],
        recipe: `${recipe}seed: 1\ndtype: BF16\n`,
        datasets: datasets
          .filter((item) => recipe.includes(`dataset: ${item.name}`))
          .map((item) => ({ reference: item.name, id: item.versions[0]?.id, ...item })),
      };
    },
  ],
  [
    'POST',
    /^\/api\/training\/datasets$/,
    async (request, response, _g, user) => {
      need(user, 'admin');
      const facts = await json(request);
      const item = found(
        datasets.find((other) => other.name === facts.name),
        'dataset',
      );
      if (/[<>]/.test(facts.licence))
        throw new Refusal(400, 'INVALID', 'Bad Request', 'licence: is no licence', [
          { field: 'licence', message: 'is no licence' },
        ]);
      const fresh = version(item.name, (item.version ?? 0) + 1, 0, {
        ...facts,
        format: facts.format ?? 'chat',
      });
      item.versions.unshift(fresh);
      Object.assign(item, dataset(item.name, 'registered', item.versions));
      response.statusCode = 201;
      return fresh;
    },
  ],
  [
    'POST',
    /^\/api\/training\/datasets\/files\/([^/]+)$/,
    async (request, response, [file], user, url) => {
      need(user, 'admin');
      let bytes = 0;
      for await (const part of request) bytes += part.length;
      const name = decodeURIComponent(file).replace(/\.[a-z]+$/, '');
      const there = datasets.find((other) => other.name === name);
      if (there && url.searchParams.get('replace') !== 'true')
        throw new Refusal(409, 'DATASET_EXISTS', 'Conflict', `there is a file ${file} already`);
      if (there) there.place = 'changed';
      else datasets.push(dataset(name, 'unregistered', [], { bytes }));
      response.statusCode = 201;
      return { name, file, bytes, sha256: sha(file) };
    },
  ],
  [
    'POST',
    /^\/api\/training\/datasets\/([^/]+)\/retirement$/,
    (_q, _r, [id], user) => {
      need(user, 'admin');
      const one = datasets.flatMap((item) => item.versions).find((item) => item.id === id);
      if (id === 'v-letters-cardio-3')
        throw new Refusal(
          409,
          'DATASET_IN_USE',
          'Conflict',
          "dataset 'letters-cardio' version 3 is what job cardiopulmonary-reasoner is to be trained on; cancel that or let it end first",
        );
      return Object.assign(found(one, 'dataset'), {
        retiredBy: user.username,
        retiredAt: new Date().toISOString(),
      });
    },
  ],
  ['GET', /^\/api\/clinical\/vocabulary$/, (_q, _r, _g, user) => (need(user, 'clinician'), vocabulary)],
  [
    'GET',
    /^\/api\/clinical\/cases$/,
    (_q, _r, _g, user) => (
      need(user, 'clinician'), cases.map((item) => ({ ...item, assessments: item.assessments.length }))
    ),
  ],
  [
    'POST',
    /^\/api\/clinical\/cases$/,
    async (request, response, _g, user) => {
      need(user, 'clinician');
      const input = await json(request);
      const errors = [];
      if (input.age < 18)
        errors.push({ field: 'age', message: 'the knowledge base covers adults only (18 and over)' });
      if (/patient name/i.test(input.complaint))
        errors.push({ field: 'complaint', message: 'looks like it names a person' });
      if (errors.length)
        throw new Refusal(
          400,
          'BAD_CASE',
          'The case cannot be taken',
          'Correct the fields marked below.',
          errors,
        );
      response.statusCode = 201;
      return addCase(input, 0);
    },
  ],
  [
    'GET',
    /^\/api\/clinical\/cases\/([^/]+)$/,
    (_q, _r, [id], user) => (
      need(user, 'clinician'),
      found(
        cases.find((item) => item.id === id),
        'case',
      )
    ),
  ],
  [
    'POST',
    /^\/api\/clinical\/cases\/([^/]+)\/assessments$/,
    async (_q, response, [id], user) => {
      need(user, 'clinician');
      await sleep(250);
      response.statusCode = 201;
      return assess(
        found(
          cases.find((item) => item.id === id),
          'case',
        ),
      );
    },
  ],
  [
    'GET',
    /^\/api\/clinical\/assessments\/([^/]+)$/,
    (_q, _r, [id], user) => (need(user, 'clinician'), found(assessments.get(id), 'assessment')),
  ],
  [
    'POST',
    /^\/api\/clinical\/assessments\/([^/]+)\/reasoning$/,
    async (_q, response, [id], user) => {
      need(user, 'clinician');
      const assessment = found(assessments.get(id), 'assessment');
      const send = sse(response);
      const text = SENTENCES.map((sentence) => sentence.text).join(' ');
      for (const piece of text.match(/\s*\S+/g)) {
        if (response.destroyed) return;
        send({ t: piece });
        await sleep(45);
      }
      const usage = { promptTokens: 1412, completionTokens: 186 };
      assessment.reasoning = { text, sentences: SENTENCES, finishedAt: new Date().toISOString(), usage };
      send({ done: true, sentences: SENTENCES, usage });
      response.end();
    },
  ],
  [
    'POST',
    /^\/api\/clinical\/assessments\/([^/]+)\/signature$/,
    async (request, _r, [id], user) => {
      need(user, 'clinician');
      const assessment = found(assessments.get(id), 'assessment');
      assessment.signed = {
        by: user.displayName,
        at: new Date().toISOString(),
        note: (await json(request)).note ?? null,
      };
      for (const item of cases)
        for (const entry of item.assessments) if (entry.id === id) entry.signedAt = assessment.signed.at;
      return assessment;
    },
  ],
];

function serveFile(url, response) {
  const path = normalize(join(dist, url.pathname));
  const file =
    path.startsWith(dist) && existsSync(path) && statSync(path).isFile() ? path : join(dist, 'index.html');
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': CSP,
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(readFileSync(file));
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (!url.pathname.startsWith('/api/')) return serveFile(url, response);
  try {
    if (request.method !== 'GET' && request.headers['x-medley'] !== '1') {
      throw new Refusal(403, 'CROSS_ORIGIN', 'Refused', 'Changes must come from the platform’s own pages.');
    }
    const user = sessions.get(request.headers.cookie?.match(/medley_session=([^;]+)/)?.[1]);
    for (const [method, pattern, handle] of routes) {
      const match = method === request.method && url.pathname.match(pattern);
      if (!match) continue;
      const answer = await handle(request, response, match.slice(1).map(decodeURIComponent), user, url);
      if (response.headersSent) return;
      response.setHeader('Content-Type', 'application/json');
      return response.end(answer === undefined ? '' : JSON.stringify(answer));
    }
    throw new Refusal(404, 'NOT_FOUND', 'No such address', `${request.method} ${url.pathname}`);
  } catch (error) {
    const status = error.status ?? 500;
    if (response.headersSent) return response.end();
    response.writeHead(status, { 'Content-Type': 'application/problem+json' });
    response.end(
      JSON.stringify({
        type: 'about:blank',
        status,
        title: error.title ?? 'The mock failed',
        code: error.code ?? 'INTERNAL',
        detail: error.message,
        errors: error.errors,
      }),
    );
  }
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`));
