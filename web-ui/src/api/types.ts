/** The shapes of the REST contract. Times are ISO-8601 text. */

export type Role = 'clinician' | 'physicist' | 'researcher' | 'integrator' | 'admin' | 'auditor';

export interface Session {
  username: string;
  displayName: string;
  tenant: { id: string; name: string };
  roles: Role[];
}

// Identity

export interface User {
  id: string;
  username: string;
  displayName: string;
  roles: Role[];
  disabled: boolean;
  createdAt?: string;
}

export interface NewUser {
  username: string;
  displayName: string;
  roles: Role[];
  password: string;
}

export interface ApiKey {
  id: string;
  name: string;
  /** The roles it may act in. */
  scopes: string[];
  expires: string | null;
  /** The beginning of the key, to tell keys apart. */
  prefix?: string;
  createdAt?: string;
  lastUsedAt?: string | null;
}

export interface IssuedKey extends ApiKey {
  /** Shown once, never to be read again. */
  key: string;
}

// Audit

export interface AuditEvent {
  sequence: number;
  at: string;
  actor: string;
  roles: string[];
  action: string;
  subject: string | null;
  outcome: string;
  detail: Record<string, unknown> | null;
  previousHash: string;
  hash: string;
}

export interface AuditPageData {
  events: AuditEvent[];
  more: boolean;
}

export interface AuditVerification {
  valid: boolean;
  events: number;
  headHash: string | null;
  firstBroken?: { sequence: number; reason: string } | null;
}

// Models

export interface ModelRef {
  id: string;
  name: string;
  version: number;
  sha256: string;
}

export interface Model extends ModelRef {
  kind: 'train' | 'fuse' | 'grow' | 'import';
  createdAt: string;
  bytes: number;
  parameters: number;
  servable: boolean;
  production: boolean;
  description: string | null;
}

export interface ModelDetail extends Model {
  recipe: string | null;
  parents: { id: string; name: string; sha256: string; role: string }[];
  datasets: {
    role: 'data' | 'evaluation';
    name: string;
    sha256: string;
    examples: number;
    tokens: number;
  }[];
  evaluation: { name: string; value: number }[];
}

export interface LineageNode {
  id: string;
  kind: 'model' | 'run' | 'dataset';
  label: string;
  sha256?: string | null;
  detail?: Record<string, unknown> | null;
  /** Loss and reward, and of either what was held out. */
  curve?: Metric[] | null;
  recipe?: string | null;
}

/** An edge points from what was made to what it was made of: model -> run -> parents and datasets. */
export interface LineageEdge {
  from: string;
  to: string;
  role: string;
}

export interface Lineage {
  root: string;
  nodes: LineageNode[];
  edges: LineageEdge[];
}

export interface AliasEvent {
  sequence: number;
  at: string;
  actor: string;
  from: { id: string; name: string; version: number } | null;
  to: { id: string; name: string; version: number };
  /** It went back to where it had come from. */
  rollback: boolean;
  reason: string | null;
}

export interface Alias {
  model: ModelRef | null;
  events: AliasEvent[];
}

// Training

export interface Recipe {
  name: string;
  kind: string;
  description: string;
  yaml: string;
}

/** A kind of reward that a recipe can name; plug-ins bring more. */
export interface RewardKind {
  name: string;
  about: string;
  keys: string[];
}

export type DataFormat = 'text' | 'chat' | 'tokens' | 'pairs' | 'prompts';

export type ConsentBasis =
  | 'none_needed_synthetic'
  | 'none_needed_public'
  | 'broad_consent'
  | 'specific_consent'
  | 'waiver'
  | 'legal_basis_other';

export type PhiClass = 'none' | 'limited' | 'identifiable';

/** What only people know of a dataset. */
export interface DatasetFacts {
  name: string;
  licence: string;
  consentBasis: ConsentBasis;
  consentNote?: string;
  phiClass: PhiClass;
  deIdentified: boolean;
  clinical: boolean;
  description?: string;
  format?: DataFormat;
}

export interface DatasetVersion extends Required<Omit<DatasetFacts, 'format'>> {
  id: string;
  version: number;
  sha256: string;
  bytes: number;
  files: number;
  records: number | null;
  format: DataFormat | null;
  /** Why nothing may be trained on it; null if something may. */
  objection: string | null;
  createdBy: string;
  createdAt: string;
  retiredBy: string | null;
  retiredAt: string | null;
}

export interface Dataset {
  name: string;
  /** How the folder and the register agree. */
  place: 'registered' | 'unregistered' | 'changed' | 'absent';
  version: number | null;
  sha256: string | null;
  records: number | null;
  bytes: number;
  files: number;
  format: DataFormat | null;
  description: string;
  objection: string | null;
  /** The newest first. */
  versions: DatasetVersion[];
}

export interface Uploaded {
  name: string;
  file: string;
  bytes: number;
  sha256: string;
}

export type JobState = 'QUEUED' | 'RUNNING' | 'PAUSED' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface Job {
  id: string;
  name: string;
  kind: string;
  stage?: string;
  state: JobState;
  /** Asked to pause, and still running. */
  pausing: boolean;
  cancelling: boolean;
  /** Its worker was not heard of for so long that the next free one takes it over. */
  silent: boolean;
  createdBy: string;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  step: number;
  /** null until the run has counted them. */
  steps: number | null;
  /** The last value of each metric. */
  latest: Record<string, number>;
  secondsPerStep: number | null;
  secondsLeft: number | null;
  message: string | null;
  error: string | null;
  worker: string | null;
  modelId?: string | null;
}

export interface JobDetail extends Job {
  recipe: string;
  datasets: DatasetMeant[];
  history: { at: string; from: JobState | null; to: JobState; worker: string | null }[];
}

/** What a recipe's name of a dataset means, or meant. */
export interface DatasetMeant {
  reference: string;
  id: string;
  name: string;
  version: number;
  sha256: string;
}

/** The numbers of a step by their names. What was not measured at it is left out. */
export interface Metric {
  step: number;
  at?: string;
  [name: string]: number | string | undefined;
}

export interface LogLine {
  sequence: number;
  at: string;
  text: string;
}

export interface Sample {
  step: number;
  at: string;
  prompt: string;
  answer: string;
}

export interface Validation {
  valid: boolean;
  name?: string;
  kind?: string;
  stage?: string;
  /** With every default written out. */
  recipe?: string;
  datasets?: DatasetMeant[];
  refusal?: { line?: number; message: string };
}

export type JobEvent = ({ type: 'metric' } & Metric) | ({ type: 'job' } & Job);

// Clinical

export interface Finding {
  id: string;
  label: string;
  kind: string;
  synonyms: string[];
}

export interface Risk {
  id: string;
  label: string;
  synonyms: string[];
}

export interface Vocabulary {
  findings: Finding[];
  risks: Risk[];
  notice: string;
}

export interface Vitals {
  temperatureC?: number | null;
  heartRate?: number | null;
  systolic?: number | null;
  diastolic?: number | null;
  respiratoryRate?: number | null;
  oxygenSaturation?: number | null;
}

export interface NewCase {
  title?: string;
  age: number;
  sex: 'female' | 'male';
  complaint: string;
  present: string[];
  absent: string[];
  risks: string[];
  vitals: Vitals;
  history?: string;
  medicines: string[];
  allergies: string[];
}

export interface CaseSummary {
  id: string;
  title: string | null;
  age: number;
  sex: 'female' | 'male';
  complaint: string;
  createdAt: string;
  /** How many. */
  assessments: number;
}

export interface AssessmentSummary {
  id: string;
  createdAt: string;
  model: ModelRef | null;
  signedAt: string | null;
}

export interface ClinicalCase extends Omit<NewCase, 'title' | 'history'> {
  id: string;
  title: string | null;
  history: string | null;
  createdAt: string;
  assessments: AssessmentSummary[];
}

export type Band = 'likely' | 'possible' | 'unlikely';

export interface Evidence {
  finding: string;
  label: string;
  present: boolean;
  /** Natural logarithm of the likelihood ratio. */
  weight: number;
}

export interface Source {
  id: string;
  title: string;
  body: string;
  year: number;
}

export interface Candidate {
  rank: number;
  conditionId: string;
  name: string;
  icd10: string;
  specialty: string;
  probability: number;
  band: Band;
  cantMiss: boolean;
  for: Evidence[];
  against: Evidence[];
  management: string[];
  sources: Source[];
}

export interface Passage {
  number: number;
  id: string;
  title: string;
  section: string;
  text: string;
  source: Source[];
}

export interface Sentence {
  text: string;
  citations: number[];
  status: 'supported' | 'unsupported' | 'uncited';
  support: number | null;
}

export interface Usage {
  promptTokens: number;
  completionTokens: number;
}

export interface Reasoning {
  text: string;
  sentences: Sentence[];
  finishedAt: string;
  usage: Usage | null;
}

export interface Assessment {
  id: string;
  caseId: string;
  createdAt: string;
  model: ModelRef | null;
  knowledge: { version: string; notice: string };
  differential: Candidate[];
  cantMiss: { conditionId: string; name: string; icd10: string; probability: number; why: string }[];
  redFlags: { finding: string; label: string }[];
  nextTests: { test: string; condition: string; changes: string; discriminates: string[] }[];
  computedVitals: { finding: string; label: string; from: string }[];
  missing: string[];
  passages: Passage[];
  reasoning: Reasoning | null;
  signed: { by: string; at: string; note: string | null } | null;
}

export type ReasoningEvent =
  | { t: string }
  | { done: true; sentences: Sentence[]; usage: Usage | null }
  | { error: { code: string; detail: string } };
