import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { api, asProblem } from './api/api';
import type { Role, Session } from './api/types';

interface Signed {
  session: Session;
  has: (...roles: Role[]) => boolean;
  signOut: () => Promise<void>;
}

const Context = createContext<Signed | null>(null);

export const SESSION_KEY = ['session'];

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
  const signed = useMemo<Signed>(
    () => ({
      session,
      has: (...roles) => roles.some((role) => session.roles.includes(role)),
      signOut: async () => {
        await api.logout();
        // What one person read must not be there for the next.
        client.clear();
        client.setQueryData(SESSION_KEY, null);
      },
    }),
    [session, client],
  );
  return <Context value={signed}>{children}</Context>;
}

export function useSession(): Signed {
  const signed = useContext(Context);
  if (!signed) throw new Error('useSession outside SessionProvider');
  return signed;
}
