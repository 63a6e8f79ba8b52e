import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { useNavigate } from 'react-router';
import { api, asProblem } from './api/api';
import type { Role, Session } from './api/types';

interface Signed {
  session: Session;
  has: (...roles: Role[]) => boolean;
  signOut: () => Promise<void>;
}

const Context = createContext<Signed | null>(null);

export const SESSION_KEY = ['session'];

/** Back to the sign-in page; what one person read must not be there for the next. */
export function endSession(client: QueryClient) {
  // The session's own query stays: the page in front of the reader watches it.
  client.setQueryData(SESSION_KEY, null);
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION_KEY[0] });
}

/** null: nobody is signed in. */
export function useSessionQuery() {
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: () =>
      api.session().catch((error) => {
        if (asProblem(error).status === 401) return null;
        throw error;
      }),
    staleTime: 5 * 60_000,
    retry: false,
  });
}

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const signed = useMemo<Signed>(
    () => ({
      session,
      has: (...roles) => roles.some((role) => session.roles.includes(role)),
      signOut: async () => {
        await api.logout();
        navigate('/');
        endSession(client);
      },
    }),
    [session, client, navigate],
  );
  return <Context value={signed}>{children}</Context>;
}

export function useSession(): Signed {
  const signed = useContext(Context);
  if (!signed) throw new Error('useSession outside SessionProvider');
  return signed;
}
