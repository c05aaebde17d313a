import { lint } from '@commute-tools/lint';

export default lint(import.meta.dirname);
