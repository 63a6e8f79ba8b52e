import type { Role } from '../api/types';

export interface Area {
  path: string;
  label: string;
  testId: string;
  roles: Role[];
}

/** The order is that of the navigation; the first one a person may see is where they land. */
export const AREAS: Area[] = [
  { path: '/cases', label: 'Cases', testId: 'nav-cases', roles: ['clinician'] },
  {
    path: '/models',
    label: 'Models',
    testId: 'nav-models',
    roles: ['admin', 'clinician', 'physicist', 'researcher'],
  },
  { path: '/training', label: 'Training', testId: 'nav-training', roles: ['admin'] },
  { path: '/datasets', label: 'Datasets', testId: 'nav-datasets', roles: ['admin'] },
  { path: '/users', label: 'Users & keys', testId: 'nav-users', roles: ['admin'] },
  { path: '/audit', label: 'Audit', testId: 'nav-audit', roles: ['auditor'] },
];

export function areasFor(roles: Role[]): Area[] {
  return AREAS.filter((area) => area.roles.some((role) => roles.includes(role)));
}
