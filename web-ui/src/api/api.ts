import { readEvents } from './sse';
import type {
  Alias,
  ApiKey,
  Assessment,
  AuditPageData,
  AuditVerification,
  CaseSummary,
  ClinicalCase,
  Dataset,
  DatasetFacts,
  DatasetVersion,
  IssuedKey,
  Job,
  JobDetail,
  JobEvent,
  Lineage,
  LogLine,
  Metric,
  Model,
  ModelDetail,
  NewCase,
  NewUser,
  ReasoningEvent,
  Recipe,
  RewardKind,
  Role,
  Sample,
  Session,
  User,
  Validation,
  Vocabulary,
} from './types';

/** An RFC 9457 answer, or what is as near to one as the failure allows. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: { field: string; message: string }[] = [],
  ) {
    super(detail || title);
    this.name = 'Problem';
  }

  /** The message for a field: 'vitals.heartRate' also answers for '/vitals/heartRate' and 'body.vitals.heartRate'. */
  field(name: string): string | undefined {
    return this.errors.find((error) => matchesField(error.field, name))?.message;
  }

  /** What no field of the form will show. */
  others(shown: string[]): string[] {
    return this.errors
      .filter((error) => !shown.some((name) => matchesField(error.field, name)))
      .map((error) => (error.field ? `${error.field}: ${error.message}` : error.message));
  }
}

export function matchesField(reported: string, name: string): boolean {
  const normal = reported
    .replace(/^[/#$.]+/, '')
    .replaceAll('/', '.')
    .replace(/\[(\d+)\]/g, '.$1');
  if (normal === '') return false;
  return (
    normal === name ||
    normal.endsWith(`.${name}`) ||
    normal.startsWith(`${name}.`) ||
    name.endsWith(`.${normal}`)
  );
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new Problem(0, 'UNREACHABLE', 'The platform did not answer', text);
}

/** Nobody answered, or only what stands before the platform did. */
export function unreachable(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status >= 502);
}

/** What an answer that is no success says. */
export function problemFrom(status: number, statusText: string, text: string): Problem {
  try {
    const body = JSON.parse(text);
    return new Problem(
      status,
      body.code ?? `HTTP_${status}`,
      body.title ?? statusText,
      body.detail ?? body.title ?? statusText,
      Array.isArray(body.errors) ? body.errors : [],
    );
  } catch {
    const title = status === 401 ? 'Not signed in' : `The platform answered ${status}`;
    return new Problem(status, `HTTP_${status}`, title, title);
  }
}

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  json?: unknown;
  form?: Record<string, string>;
  accept?: string;
  signal?: AbortSignal;
}

async function send(
  path: string,
  { method = 'GET', json, form, accept, signal }: Options,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept ?? 'application/json' };
  if (method !== 'GET') headers['X-Medley'] = '1';
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: form ? new URLSearchParams(form) : json === undefined ? undefined : JSON.stringify(json),
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw asProblem(error);
  }
  if (!response.ok) {
    throw problemFrom(response.status, response.statusText, await response.text().catch(() => ''));
  }
  return response;
}

async function call<T>(path: string, options: Options = {}): Promise<T> {
  const response = await send(path, options);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function* stream<T>(path: string, options: Options): AsyncGenerator<T> {
  const response = await send(path, { ...options, accept: 'text/event-stream' });
  if (!response.body) throw new Problem(0, 'NO_STREAM', 'No stream', 'The platform answered without a body.');
  yield* readEvents<T>(response.body);
}

const id = encodeURIComponent;

function query(values: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : '';
}

export const api = {
  login: (username: string, password: string) =>
    call<void>('/api/session/login', {
      method: 'POST',
      form: { j_username: username, j_password: password },
    }),
  session: () => call<Session>('/api/session'),
  logout: () => call<void>('/api/session', { method: 'DELETE' }),

  users: () => call<User[]>('/api/users'),
  createUser: (user: NewUser) => call<User>('/api/users', { method: 'POST', json: user }),
  changeUser: (
    user: string,
    change: { displayName?: string; roles?: Role[]; disabled?: boolean; password?: string },
  ) => call<User>(`/api/users/${id(user)}`, { method: 'PATCH', json: change }),
  keys: () => call<ApiKey[]>('/api/keys'),
  createKey: (key: { name: string; scopes: string[]; expires: string }) =>
    call<IssuedKey>('/api/keys', { method: 'POST', json: key }),
  deleteKey: (key: string) => call<void>(`/api/keys/${id(key)}`, { method: 'DELETE' }),

  audit: (filter: { limit: number; before?: number; action?: string; actor?: string }) =>
    call<AuditPageData>(`/api/audit${query(filter)}`),
  verifyAudit: () => call<AuditVerification>('/api/audit/verification'),

  models: () => call<Model[]>('/api/models'),
  model: (model: string) => call<ModelDetail>(`/api/models/${id(model)}`),
  lineage: (model: string) => call<Lineage>(`/api/models/${id(model)}/lineage`),
  production: () => call<Alias>('/api/models/aliases/production'),
  promote: (modelId: string, reason: string) =>
    call<unknown>('/api/models/aliases/production', { method: 'PUT', json: { modelId, reason } }),
  rollback: (reason: string) =>
    call<unknown>('/api/models/aliases/production/rollback', { method: 'POST', json: { reason } }),

  recipes: () => call<Recipe[]>('/api/training/recipes'),
  rewards: () => call<RewardKind[]>('/api/training/rewards'),
  validate: (recipe: string, signal?: AbortSignal) =>
    call<Validation>('/api/training/recipes/validation', { method: 'POST', json: { recipe }, signal }),
  datasets: () => call<Dataset[]>('/api/training/datasets'),
  registerDataset: (facts: DatasetFacts) =>
    call<DatasetVersion>('/api/training/datasets', { method: 'POST', json: facts }),
  retireDataset: (version: string) =>
    call<DatasetVersion>(`/api/training/datasets/${id(version)}/retirement`, { method: 'POST', json: {} }),
  jobs: () => call<Job[]>('/api/training/jobs'),
  job: (job: string) => call<JobDetail>(`/api/training/jobs/${id(job)}`),
  startJob: (recipe: string) => call<Job>('/api/training/jobs', { method: 'POST', json: { recipe } }),
  /** Thinned to about so many points, so that a run of any length can be drawn. */
  metrics: (job: string, points: number) =>
    call<Metric[]>(`/api/training/jobs/${id(job)}/metrics${query({ points })}`),
  compareJobs: (jobs: string[], points: number) =>
    call<{ job: Job; points: Metric[] }[]>(
      `/api/training/metrics?${new URLSearchParams([...jobs.map((job) => ['job', job]), ['points', String(points)]])}`,
    ),
  jobLog: (job: string, after: number) =>
    call<LogLine[]>(`/api/training/jobs/${id(job)}/log${query({ after })}`),
  jobSamples: (job: string) => call<Sample[]>(`/api/training/jobs/${id(job)}/samples`),
  jobEvents: (job: string, after: number, signal: AbortSignal) =>
    stream<JobEvent>(`/api/training/jobs/${id(job)}/events${query({ after })}`, { signal }),
  askJob: (job: string, wish: 'pause' | 'resume' | 'cancel') =>
    call<Job>(`/api/training/jobs/${id(job)}/${wish}`, { method: 'POST', json: {} }),

  vocabulary: () => call<Vocabulary>('/api/clinical/vocabulary'),
  cases: () => call<CaseSummary[]>('/api/clinical/cases'),
  case: (item: string) => call<ClinicalCase>(`/api/clinical/cases/${id(item)}`),
  createCase: (item: NewCase) => call<{ id: string }>('/api/clinical/cases', { method: 'POST', json: item }),
  assess: (item: string) =>
    call<Assessment>(`/api/clinical/cases/${id(item)}/assessments`, { method: 'POST' }),
  assessment: (item: string) => call<Assessment>(`/api/clinical/assessments/${id(item)}`),
  reason: (item: string, signal: AbortSignal) =>
    stream<ReasoningEvent>(`/api/clinical/assessments/${id(item)}/reasoning`, { method: 'POST', signal }),
  sign: (item: string, note: string) =>
    call<Assessment>(`/api/clinical/assessments/${id(item)}/signature`, {
      method: 'POST',
      json: note ? { note } : {},
    }),
};
