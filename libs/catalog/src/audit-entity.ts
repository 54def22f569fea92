import { EntitySchema } from './typeorm.js';

interface AuditRow {
  id: string;
  at: Date;
  kind: string;
  principal: string | null;
  address: string | null;
  protocol: string | null;
  camera: string | null;
  data: object | null;
}

export const AuditEntity = new EntitySchema<AuditRow>({
  name: 'audit',
  columns: {
    id: { type: 'text', primary: true },
    at: { type: 'timestamptz' },
    kind: { type: 'text' },
    principal: { type: 'text', nullable: true },
    address: { type: 'text', nullable: true },
    protocol: { type: 'text', nullable: true },
    camera: { type: 'text', nullable: true },
    data: { type: 'jsonb', nullable: true },
  },
});
