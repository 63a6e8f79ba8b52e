import { lazy, type ReactNode, Suspense } from 'react';
import { Navigate, Route, Routes } from 'react-router';
import type { Role } from './api/types';
import { Busy, Empty, Failure } from './common/ui';
import { SessionProvider, useSession, useSessionQuery } from './session';
import { areasFor } from './shell/areas';
import { Shell } from './shell/Shell';
import { SignIn } from './shell/SignIn';

const CasesPage = lazy(() => import('./clinical/CasesPage'));
const NewCasePage = lazy(() => import('./clinical/NewCasePage'));
const CasePage = lazy(() => import('./clinical/CasePage'));
const ModelsPage = lazy(() => import('./models/ModelsPage'));
const ModelPage = lazy(() => import('./models/ModelPage'));
const JobsPage = lazy(() => import('./training/JobsPage'));
const NewJobPage = lazy(() => import('./training/NewJobPage'));
const JobPage = lazy(() => import('./training/JobPage'));
const DatasetsPage = lazy(() => import('./datasets/DatasetsPage'));
const UsersPage = lazy(() => import('./identity/UsersPage'));
const AuditPage = lazy(() => import('./audit/AuditPage'));

export function App() {
  const query = useSessionQuery();
  if (query.isPending) return <Busy>Opening Medley…</Busy>;
  if (query.isError) return <Failure error={query.error} retry={() => query.refetch()} />;
  if (!query.data) return <SignIn />;
  return (
    <SessionProvider session={query.data}>
      <Routes>
        <Route element={<Shell />}>
          <Route index element={<Landing />} />
          <Route path="cases" element={page(<CasesPage />, 'clinician')} />
          <Route path="cases/new" element={page(<NewCasePage />, 'clinician')} />
          <Route path="cases/:id" element={page(<CasePage />, 'clinician')} />
          <Route
            path="models"
            element={page(<ModelsPage />, 'admin', 'clinician', 'physicist', 'researcher')}
          />
          <Route
            path="models/:id"
            element={page(<ModelPage />, 'admin', 'clinician', 'physicist', 'researcher')}
          />
          <Route path="training" element={page(<JobsPage />, 'admin')} />
          <Route path="training/new" element={page(<NewJobPage />, 'admin')} />
          <Route path="training/:id" element={page(<JobPage />, 'admin')} />
          <Route path="datasets" element={page(<DatasetsPage />, 'admin')} />
          <Route path="users" element={page(<UsersPage />, 'admin')} />
          <Route path="audit" element={page(<AuditPage />, 'auditor')} />
          <Route path="*" element={<Empty title="There is no such page" />} />
        </Route>
      </Routes>
    </SessionProvider>
  );
}

function page(content: ReactNode, ...roles: Role[]) {
  return (
    <Allowed roles={roles}>
      <Suspense fallback={<Busy>Loading…</Busy>}>{content}</Suspense>
    </Allowed>
  );
}

function Allowed({ roles, children }: { roles: Role[]; children: ReactNode }) {
  const { has } = useSession();
  if (has(...roles)) return children;
  return <Empty title="Your role does not open this page">It is for: {roles.join(', ')}.</Empty>;
}

function Landing() {
  const { session } = useSession();
  const first = areasFor(session.roles)[0];
  if (first) return <Navigate to={first.path} replace />;
  return <Empty title="Nothing here for your role yet">Systems use Medley with an API key.</Empty>;
}
