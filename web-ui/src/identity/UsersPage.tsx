import {
  Badge,
  Button,
  Checkbox,
  CopyButton,
  Group,
  Modal,
  MultiSelect,
  PasswordInput,
  Stack,
  Switch,
  Table,
  TextInput,
} from '@mantine/core';
import { IconCheck, IconCopy, IconKey, IconPlus, IconUsers } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, asProblem } from '../api/api';
import type { ApiKey, IssuedKey, Role, User } from '../api/types';
import { formatDate, formatDateTime } from '../common/format';
import { Empty, Load, PageHead, Panel, ProblemAlert, useTitle } from '../common/ui';

/** What a person can be; integrator belongs to API keys, but an administrator may give it to a person too. */
const ROLES: Role[] = ['clinician', 'physicist', 'researcher', 'admin', 'auditor', 'integrator'];

/** A key's scopes are roles; most systems are integrators. */
const SCOPES: Role[] = ['integrator', 'clinician', 'physicist', 'researcher', 'admin', 'auditor'];

export default function UsersPage() {
  useTitle('Users & keys');
  return (
    <>
      <PageHead title="Users & keys">
        People sign in; systems use an API key. Neither leaves this tenant.
      </PageHead>
      <div className="stack">
        <Users />
        <Keys />
      </div>
    </>
  );
}

function Users() {
  const users = useQuery({ queryKey: ['users'], queryFn: api.users });
  const [editing, setEditing] = useState<User | 'new' | null>(null);
  return (
    <Panel
      title="Users"
      padded={false}
      aside={
        <Button
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setEditing('new')}
          data-testid="user-new"
        >
          New user
        </Button>
      }
    >
      <Load query={users} rows={5}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon={<IconUsers size={26} aria-hidden />} title="No users" />
          ) : (
            <Table className="table cards">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>User name</Table.Th>
                  <Table.Th>Roles</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.map((user) => (
                  <Table.Tr key={user.id} data-testid="user-row">
                    <Table.Td className="card-title">{user.displayName}</Table.Td>
                    <Table.Td className="mono" data-label="User name">
                      {user.username}
                    </Table.Td>
                    <Table.Td data-label="Roles">
                      <Group gap={5}>
                        {user.roles.map((role) => (
                          <Badge key={role} color="gray">
                            {role}
                          </Badge>
                        ))}
                      </Group>
                    </Table.Td>
                    <Table.Td data-label="State">
                      <Badge color={user.disabled ? 'red' : 'teal'}>
                        {user.disabled ? 'Disabled' : 'Active'}
                      </Badge>
                    </Table.Td>
                    <Table.Td className="num">
                      <button
                        type="button"
                        className="link"
                        onClick={() => setEditing(user)}
                        aria-label={`Change ${user.displayName}`}
                      >
                        Change
                      </button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Load>
      <Modal
        opened={editing !== null}
        onClose={() => setEditing(null)}
        title={editing === 'new' || editing === null ? 'New user' : `Change ${editing.displayName}`}
      >
        {editing && <UserForm user={editing === 'new' ? null : editing} close={() => setEditing(null)} />}
      </Modal>
    </Panel>
  );
}

function UserForm({ user, close }: { user: User | null; close: () => void }) {
  const client = useQueryClient();
  const [username, setUsername] = useState(user?.username ?? '');
  const [displayName, setDisplayName] = useState(user?.displayName ?? '');
  const [roles, setRoles] = useState<Role[]>(user?.roles ?? []);
  const [password, setPassword] = useState('');
  const [disabled, setDisabled] = useState(user?.disabled ?? false);
  const save = useMutation({
    mutationFn: () =>
      user
        ? api.changeUser(user.id, { displayName, roles, disabled, ...(password && { password }) })
        : api.createUser({ username: username.trim(), displayName, roles, password }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['users'] });
      close();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const complete = username.trim() && displayName.trim() && roles.length > 0 && (user || password);
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (complete) save.mutate();
      }}
    >
      <Stack gap="sm">
        <ProblemAlert error={save.error} fields={['username', 'displayName', 'roles', 'password']} />
        <TextInput
          label="User name"
          autoComplete="off"
          value={username}
          disabled={user !== null}
          onChange={(event) => setUsername(event.currentTarget.value)}
          error={problem?.field('username')}
          data-autofocus={user === null || undefined}
          data-testid="user-username"
        />
        <TextInput
          label="Name"
          autoComplete="off"
          value={displayName}
          onChange={(event) => setDisplayName(event.currentTarget.value)}
          error={problem?.field('displayName')}
          data-testid="user-name"
        />
        <MultiSelect
          label="Roles"
          data={ROLES}
          value={roles}
          onChange={(value) => setRoles(value as Role[])}
          error={problem?.field('roles')}
          data-testid="user-roles"
        />
        <PasswordInput
          label={user ? 'New password' : 'Password'}
          description={user ? 'Leave empty to keep the present one' : undefined}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={problem?.field('password')}
          data-testid="user-password"
        />
        {user && (
          <Switch
            label="Disabled: cannot sign in"
            checked={disabled}
            onChange={(event) => setDisabled(event.currentTarget.checked)}
          />
        )}
        <Group justify="flex-end" mt="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!complete} data-testid="user-save">
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Keys() {
  const client = useQueryClient();
  const keys = useQuery({ queryKey: ['keys'], queryFn: api.keys });
  const [making, setMaking] = useState(false);
  const [removing, setRemoving] = useState<ApiKey | null>(null);
  const remove = useMutation({
    mutationFn: (id: string) => api.deleteKey(id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['keys'] });
      setRemoving(null);
    },
  });
  return (
    <Panel
      title="API keys"
      padded={false}
      aside={
        <Button
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setMaking(true)}
          data-testid="key-new"
        >
          New key
        </Button>
      }
    >
      <Load query={keys} rows={3}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon={<IconKey size={26} aria-hidden />} title="No API keys">
              A system that sends cases or asks models needs one.
            </Empty>
          ) : (
            <Table className="table cards">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Scopes</Table.Th>
                  <Table.Th>Expires</Table.Th>
                  <Table.Th>Last used</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.map((key) => (
                  <Table.Tr key={key.id} data-testid="key-row">
                    <Table.Td className="card-title">
                      {key.name} {key.prefix && <span className="mono muted">{key.prefix}…</span>}
                    </Table.Td>
                    <Table.Td data-label="Scopes">
                      <Group gap={5}>
                        {key.scopes.map((scope) => (
                          <Badge key={scope} color="gray">
                            {scope}
                          </Badge>
                        ))}
                      </Group>
                    </Table.Td>
                    <Table.Td data-label="Expires">
                      {key.expires ? formatDate(key.expires) : 'never'}
                    </Table.Td>
                    <Table.Td data-label="Last used">{formatDateTime(key.lastUsedAt)}</Table.Td>
                    <Table.Td className="num">
                      <button
                        type="button"
                        className="link"
                        style={{ color: 'var(--danger)' }}
                        onClick={() => setRemoving(key)}
                        aria-label={`Revoke ${key.name}`}
                      >
                        Revoke
                      </button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Load>
      <Modal opened={making} onClose={() => setMaking(false)} title="New API key" closeOnClickOutside={false}>
        {making && <KeyForm close={() => setMaking(false)} />}
      </Modal>
      <Modal opened={removing !== null} onClose={() => setRemoving(null)} title="Revoke this key?">
        <Stack>
          <ProblemAlert error={remove.error} />
          <div>
            Whatever uses <strong>{removing?.name}</strong> is refused from now on. This cannot be undone.
          </div>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setRemoving(null)}>
              Keep it
            </Button>
            <Button
              color="red"
              loading={remove.isPending}
              onClick={() => removing && remove.mutate(removing.id)}
              data-testid="key-revoke"
            >
              Revoke
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Panel>
  );
}

function KeyForm({ close }: { close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [expires, setExpires] = useState(() =>
    new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10),
  );
  const [issued, setIssued] = useState<IssuedKey | null>(null);
  const make = useMutation({
    mutationFn: () =>
      api.createKey({
        name: name.trim(),
        scopes,
        expires: new Date(`${expires}T23:59:59`).toISOString(),
      }),
    onSuccess: (key) => {
      setIssued(key);
      void client.invalidateQueries({ queryKey: ['keys'] });
    },
  });
  const problem = make.error ? asProblem(make.error) : null;
  if (issued) {
    return (
      <Stack>
        <div>
          This is the key of <strong>{issued.name}</strong>. It is shown once: copy it now to where it is
          needed.
        </div>
        <pre
          className="code"
          style={{ whiteSpace: 'pre-wrap', wordBreak: 'break-all' }}
          data-testid="key-value"
        >
          {issued.key}
        </pre>
        <Group justify="flex-end">
          <CopyButton value={issued.key}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                onClick={copy}
                leftSection={
                  copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />
                }
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Button onClick={close} data-testid="key-done">
            I have copied it
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (name.trim() && scopes.length && expires) make.mutate();
      }}
    >
      <Stack gap="sm">
        <ProblemAlert error={make.error} fields={['name', 'scopes', 'expires']} />
        <TextInput
          label="Name"
          placeholder="The system that will use it"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem?.field('name')}
          data-autofocus
          data-testid="key-name"
        />
        <Checkbox.Group
          label="Scopes"
          description="The key may do what these roles may"
          value={scopes}
          onChange={setScopes}
          error={problem?.field('scopes')}
          data-testid="key-scopes"
        >
          <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 8, marginTop: 8 }}>
            {SCOPES.map((role) => (
              <Checkbox key={role} value={role} label={role} data-testid={`key-scope-${role}`} />
            ))}
          </div>
        </Checkbox.Group>
        <TextInput
          type="date"
          label="Valid until"
          value={expires}
          onChange={(event) => setExpires(event.currentTarget.value)}
          error={problem?.field('expires')}
          data-testid="key-expires"
        />
        <Group justify="flex-end" mt="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={make.isPending}
            disabled={!name.trim() || scopes.length === 0 || !expires}
            data-testid="key-save"
          >
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
