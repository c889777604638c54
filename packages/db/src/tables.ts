import type { AssetAttributes, AssetKind, Confidence, Relation, Severity } from '@glacis/contract';
import type { ColumnType, Generated } from 'kysely';

type CreatedAt = ColumnType<Date, Date | undefined, Date>;
type Json<T> = ColumnType<T, string, string>;

/** Roles within a tenant, weakest last. */
export type Role = 'admin' | 'operator' | 'observer';

/** Whether a tenant can be used, and how far its end has come. */
export type TenantState = 'active' | 'suspended' | 'deleting' | 'shredding';

/** Tables of the schema `control`: what is above all tenants. */
export interface ControlTables {
  'control.tenant': {
    id: string;
    slug: string;
    name: string;
    state: Generated<TenantState>;
    created_at: CreatedAt;
    plan_id: Generated<string | null>;
    suspended_reason: Generated<string | null>;
    delete_after: Generated<Date | null>;
  };
  'control.tenant_key': {
    tenant_id: string;
    version: Generated<number>;
    wrapped: Buffer;
    created_at: CreatedAt;
  };
  'control.user_account': {
    id: string;
    email: string;
    name: Generated<string>;
    password_hash: string | null;
    is_platform_admin: Generated<boolean>;
    created_at: CreatedAt;
  };
  'control.membership': {
    user_id: string;
    tenant_id: string;
    role: Role;
    scope: Generated<'tenant' | 'projects'>;
    created_at: CreatedAt;
  };
  'control.session': {
    id_hash: string;
    user_id: string;
    created_at: CreatedAt;
    last_seen_at: CreatedAt;
    expires_at: Date;
    address: string | null;
    user_agent: string | null;
    /** Names the session to its owner; the secret has another hash after each rotation. */
    id: Generated<string>;
    authenticated_at: CreatedAt;
    methods: Generated<string[]>;
    /** The only tenant that it reaches: the one whose identity provider vouched for the person. */
    tenant_id: Generated<string | null>;
  };
  'control.sign_in_link': {
    token_hash: string;
    user_id: string;
    created_at: CreatedAt;
    expires_at: Date;
    used_at: Date | null;
  };
  'control.recovery_code': { user_id: string; code_hash: string; used_at: Date | null };
  'control.sign_in_failure': { subject: string; failures: number; last_at: Date };
  'control.platform_setting': { key: string; value: Json<unknown> };
  'control.domain_claim': {
    tenant_id: string;
    target_id: string;
    domain: string;
    method: 'dns' | 'file' | 'meta' | 'email';
    proven_at: Date;
    check_due_at: Date;
  };
  'control.proof_mail_count': { domain: string; day: Date; sent: number };
  'control.api_token': {
    id: string;
    kind: 'personal' | 'service';
    name: string;
    secret_hash: string;
    hint: string;
    user_id: string | null;
    tenant_id: string | null;
    scopes: string[];
    addresses: string[];
    created_at: CreatedAt;
    created_by: string | null;
    expires_at: Date | null;
    last_used_at: Generated<Date | null>;
    last_used_address: Generated<string | null>;
    revoked_at: Generated<Date | null>;
  };
  'control.token_grant': {
    id: string;
    session_id: string | null;
    api_token_id: string | null;
    tenant_id: string | null;
    scopes: string[] | null;
    created_at: CreatedAt;
    expires_at: Date;
    revoked_at: Generated<Date | null>;
    revoked_reason: Generated<string | null>;
  };
  'control.refresh_token': {
    token_hash: string;
    grant_id: string;
    created_at: CreatedAt;
    expires_at: Date;
    used_at: Generated<Date | null>;
  };
  'control.signing_key': { kid: string; public_jwk: Json<unknown>; sealed: Buffer; created_at: CreatedAt };
  'control.audit_head': { chain: string; seq: string; hash: Buffer; at: Date };
  'control.audit_record': AuditRecordTable;
  'control.audit_intent': { id: string; tenant_id: string | null; at: CreatedAt; body: string };
  'control.rate_window': { subject: string; window_start: string; used: number };
}

/** Records of an audit chain; `actor`, `action` and `outcome` are derived from the body by the database. */
interface AuditRecordTable {
  seq: string;
  at: Date;
  previous_hash: Buffer;
  hash: Buffer;
  body: string;
  actor: Generated<string>;
  action: Generated<string>;
  outcome: Generated<string>;
}

/** Tables of each tenant's own schema. */
export interface TenantTables {
  target: {
    id: string;
    domain: string;
    challenge: string;
    proof_state: Generated<'unproven' | 'proven' | 'expired'>;
    proof_detail: Generated<string>;
    proof_checked_at: Date | null;
    proven_at: Date | null;
    created_at: CreatedAt;
    created_by: string | null;
    organisation_id: Generated<string | null>;
    note: Generated<string>;
    proof_method: Generated<'dns' | 'file' | 'meta' | 'email' | 'parent' | null>;
    proof_via: Generated<string | null>;
    proof_expires_at: Generated<Date | null>;
    proof_missing_since: Generated<Date | null>;
  };
  organisation: { id: string; name: string; note: Generated<string>; created_at: CreatedAt };
  target_group: { id: string; organisation_id: string; name: string; created_at: CreatedAt };
  target_in_group: { group_id: string; target_id: string };
  proof_mail: {
    target_id: string;
    mailbox: string;
    code_hash: string;
    wrong_guesses: Generated<number>;
    sent_at: CreatedAt;
    expires_at: Date;
    sent_today: Generated<number>;
  };
  project: {
    id: string;
    name: string;
    note: Generated<string>;
    created_at: CreatedAt;
    created_by: string | null;
  };
  project_target: { project_id: string; target_id: string };
  project_member: {
    project_id: string;
    user_id: string;
    level: 'read' | 'comment' | 'write' | 'lead';
    added_at: CreatedAt;
  };
  scan_target: { scan_id: string; target_id: string };
  asset_target: { asset_id: string; target_id: string };
  exclusion: { id: string; value: string; created_at: CreatedAt };
  scan: {
    id: string;
    target_id: string;
    state: 'running' | 'closing' | 'completed' | 'cancelled' | 'failed';
    is_active: boolean;
    engine: Json<unknown>;
    scope: Json<unknown>;
    open_jobs: Generated<number>;
    new_assets: Generated<number>;
    requested_by: string | null;
    started_at: CreatedAt;
    finished_at: Date | null;
    summary: Json<unknown> | null;
    error: string | null;
  };
  scan_progress: {
    scan_id: string;
    scanner: string;
    queued: Generated<number>;
    done: Generated<number>;
    failed: Generated<number>;
    assets_queued: Generated<number>;
    assets_looked: Generated<number>;
    assets_unreachable: Generated<number>;
    assets_limited: Generated<number>;
    assets_skipped: Generated<number>;
    found_assets: Generated<number>;
    found_findings: Generated<number>;
  };
  scan_job: {
    id: string;
    scan_id: string;
    scanner: string;
    asset_ids: string[];
    state: Generated<'open' | 'done' | 'failed'>;
    attempts: Generated<number>;
    begun: Generated<boolean>;
    error: string | null;
  };
  asset: {
    id: string;
    kind: AssetKind;
    key: string;
    attributes: Json<AssetAttributes>;
    in_scope: boolean;
    first_seen: CreatedAt;
    last_seen: CreatedAt;
    first_scan_id: string;
    last_scan_id: string;
  };
  edge: {
    from_id: string;
    relation: Relation;
    to_id: string;
    scanner: string;
    first_seen: CreatedAt;
    last_seen: CreatedAt;
  };
  scan_asset: {
    scan_id: string;
    asset_id: string;
    seq: Generated<string>;
    scanner: string;
    from_asset_id: string | null;
    reason: string;
  };
  coverage: {
    scan_id: string;
    scanner: string;
    asset_id: string;
    outcome: 'looked' | 'unreachable' | 'limited' | 'skipped';
    detail: string | null;
    rule_set_id: string | null;
  };
  rule: { id: string; title: string; body: Json<unknown> };
  rule_set: { id: string; rules: string[] };
  finding: {
    id: string;
    identity: string;
    rule_id: string;
    asset_id: string;
    parameter: Generated<string>;
    severity: Severity;
    severity_rank: number;
    confidence: Confidence;
    state: Generated<'open' | 'confirmed' | 'accepted' | 'false_positive' | 'fixed'>;
    evidence: Buffer;
    first_seen: CreatedAt;
    last_seen: CreatedAt;
    first_scan_id: string;
    last_scan_id: string;
  };
  scan_finding: { scan_id: string; finding_id: string; seq: Generated<string> };
  blob: {
    id: string;
    asset_id: string | null;
    name: string;
    media_type: string;
    size_bytes: string;
    storage_key: string;
    created_at: CreatedAt;
  };
  report: {
    id: string;
    scan_id: string;
    design: string;
    state: Generated<'queued' | 'rendering' | 'ready' | 'failed'>;
    blob_id: string | null;
    page_count: number | null;
    messages: Json<unknown>;
    error: string | null;
    requested_by: string | null;
    created_at: CreatedAt;
    finished_at: Date | null;
  };
  audit_record: AuditRecordTable;
}
