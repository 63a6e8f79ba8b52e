import {
  ActionIcon,
  Avatar,
  Menu,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import {
  IconAlertTriangle,
  IconChartLine,
  IconChevronDown,
  IconDatabase,
  IconDeviceDesktop,
  IconHierarchy2,
  IconLogout,
  IconMoon,
  IconShieldCheck,
  IconStethoscope,
  IconSun,
  IconUsers,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { NavLink, Outlet, useLocation } from 'react-router';
import { useSession } from '../session';
import { areasFor } from './areas';
import { Logo } from './Logo';

const ICONS: Record<string, ComponentType<{ size?: number }>> = {
  '/cases': IconStethoscope,
  '/models': IconHierarchy2,
  '/training': IconChartLine,
  '/datasets': IconDatabase,
  '/users': IconUsers,
  '/audit': IconShieldCheck,
};

export function Shell() {
  const { session, signOut } = useSession();
  const { pathname } = useLocation();
  const areas = areasFor(session.roles);

  useHotkeys([
    ['/', () => document.querySelector<HTMLElement>('[data-search]')?.focus(), { preventDefault: true }],
  ]);

  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="top">
        <NavLink className="brand" to="/" aria-label="Medley, home">
          <Logo size={24} /> Medley
        </NavLink>
        <nav className="nav" aria-label="Areas">
          {areas.map((area) => {
            const Icon = ICONS[area.path] ?? IconHierarchy2;
            return (
              <NavLink key={area.path} to={area.path} data-testid={area.testId}>
                <Icon size={17} aria-hidden /> {area.label}
              </NavLink>
            );
          })}
        </nav>
        <div style={{ display: 'flex', alignItems: 'center', gap: 10 }}>
          <ColorScheme />
          <Menu position="bottom-end" width={230} shadow="md">
            <Menu.Target>
              <button
                type="button"
                className="link"
                data-testid="user-menu"
                style={{ display: 'flex', alignItems: 'center', gap: 8, color: 'inherit' }}
              >
                <Avatar size={26} radius="xl" color="ink" name={session.displayName} aria-hidden />
                <span className="who">
                  <span style={{ display: 'block', fontWeight: 500 }}>{session.displayName}</span>
                  <span className="muted small" data-testid="tenant">
                    {session.tenant.name}
                  </span>
                </span>
                <IconChevronDown size={14} aria-hidden />
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>
                {session.username} · {session.roles.join(', ')}
              </Menu.Label>
              <Menu.Item
                leftSection={<IconLogout size={16} aria-hidden />}
                onClick={() => void signOut()}
                data-testid="sign-out"
              >
                Sign out
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      {pathname.startsWith('/cases') && (
        <div className="notice" role="note" data-testid="clinical-notice">
          <IconAlertTriangle size={15} aria-hidden />
          Decision support. Knowledge base not clinically validated.
        </div>
      )}
      <main className="page" id="main" tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}

function ColorScheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('light');
  const choices = [
    { value: 'auto', label: 'Like the system', Icon: IconDeviceDesktop },
    { value: 'light', label: 'Light', Icon: IconSun },
    { value: 'dark', label: 'Dark', Icon: IconMoon },
  ] as const;
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Tooltip label="Light or dark">
          <ActionIcon size="lg" aria-label="Light or dark" data-testid="color-scheme">
            {shown === 'dark' ? <IconMoon size={18} aria-hidden /> : <IconSun size={18} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(({ value, label, Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} aria-hidden />}
            onClick={() => setColorScheme(value)}
            aria-current={colorScheme === value}
            fw={colorScheme === value ? 600 : 400}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
