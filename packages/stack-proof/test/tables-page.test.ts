import { expect, test } from 'vitest';
import { describeTables } from '../scripts/describe-tables.ts';

test('the page of the tables says what the tables are', async () => {
  await expect(describeTables()).toMatchFileSnapshot('../docs/tables.md');
});
