import { sql } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import { queueMail } from '../mail/outbox.ts';
import type { Platform } from '../platform.ts';
import { provision, type SignUpRow } from './provision.ts';

/** A sign-up that waits for the platform's approval. */
export interface WaitingSignUp {
  readonly id: string;
  readonly email: string;
  readonly organisation: string;
  readonly slug: string;
  readonly plan: string;
  readonly createdAt: string;
}

/** Sign-ups that wait, oldest first; the first 200. */
export async function listWaitingSignUps({ database }: Pick<Platform, 'database'>): Promise<WaitingSignUp[]> {
  const { rows } = await sql<Omit<WaitingSignUp, 'createdAt'> & { created_at: Date }>`
    select s.id, s.email, s.organisation, s.slug, coalesce(p.name, '') as plan, s.created_at
    from control.sign_up s left join control.plan p on p.id = s.plan_id
    where s.state = 'waiting' and s.expires_at > now() and s.slug is not null order by s.created_at limit 200`.execute(
    database.control,
  );
  return rows.map(({ created_at: createdAt, ...row }) => ({ ...row, createdAt: createdAt.toISOString() }));
}

/** Makes the tenant of a waiting sign-up; its admin gets a mail. @throws UserError when it does not wait. */
export async function approveSignUp(platform: Platform, id: string): Promise<{ id: string; slug: string }> {
  return platform.database.control.transaction().execute(async trx => {
    const { rows } = await sql<SignUpRow>`select * from control.sign_up
      where id = ${id} and state = 'waiting' for update`.execute(trx);
    if (!rows[0]) throw notFound('sign-up that waits');
    return provision(platform, trx, rows[0], rows[0].plan_id);
  });
}

/** Turns a waiting sign-up down; who asked gets a mail. @throws UserError when it does not wait. */
export async function refuseSignUp(platform: Platform, id: string): Promise<void> {
  await platform.database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ email: string }>`delete from control.sign_up
      where id = ${id} and state = 'waiting' returning email`.execute(trx);
    if (!rows[0]) throw notFound('sign-up that waits');
    await queueMail(platform.database.through(trx), platform, {
      to: rows[0].email,
      purpose: 'sign-up',
      content: {
        subject: 'Your sign-up for Glacis',
        paragraphs: ['The administrator of the platform has turned your sign-up down. Nothing was paid.'],
      },
    });
  });
}
