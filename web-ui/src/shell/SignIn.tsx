import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, asProblem } from '../api/api';
import { useTitle } from '../common/ui';
import { SESSION_KEY } from '../session';
import { Logo } from './Logo';

export function SignIn() {
  useTitle('Sign in');
  const client = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    mutationFn: async () => {
      await api.login(username.trim(), password);
      return api.session();
    },
    onSuccess: (session) => client.setQueryData(SESSION_KEY, session),
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (username.trim() && password) login.mutate();
  }

  const problem = login.error ? asProblem(login.error) : null;
  return (
    <main className="sign-in">
      <form className="panel" onSubmit={submit} aria-label="Sign in">
        <Stack gap="md">
          <div style={{ display: 'flex', alignItems: 'center', gap: 12 }}>
            <Logo size={36} />
            <div>
              <h1 style={{ fontSize: '1.25rem' }}>Medley</h1>
              <div className="muted small">Your hospital's own clinical models</div>
            </div>
          </div>
          {problem && (
            <Alert color="red" variant="light" role="alert" data-testid="login-error">
              {problem.status === 401
                ? 'User name or password is wrong, or the account is disabled.'
                : problem.message}
            </Alert>
          )}
          <TextInput
            label="User name"
            name="username"
            autoComplete="username"
            autoFocus
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            data-testid="login-username"
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            data-testid="login-password"
          />
          <Button
            type="submit"
            loading={login.isPending}
            disabled={!username.trim() || !password}
            data-testid="login-submit"
          >
            Sign in
          </Button>
        </Stack>
      </form>
    </main>
  );
}
