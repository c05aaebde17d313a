import js from '@eslint/js';
import { defineConfig, globalIgnores, type Config } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The lint rules of every package and tool: typescript-eslint's strictest type-checked set, with the two exceptions that
 * numeric code needs.
 *
 * @param root - absolute path of the workspace root.
 */
export function lint(root: string): Config[] {
  return defineConfig(
    globalIgnores([
      '**/dist/',
      '**/node_modules/',
      '**/out/',
      '**/coverage/',
      '**/.turbo/',
      '**/test/fixtures/',
      '**/*.d.ts',
    ]),
    { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
    js.configs.recommended,
    {
      files: ['**/*.ts'],
      extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
      languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.ts'] }, tsconfigRootDir: root } },
      rules: {
        // An index that is in range by construction is `T | undefined` under noUncheckedIndexedAccess; `!` says so without a branch.
        '@typescript-eslint/no-non-null-assertion': 'off',
        '@typescript-eslint/non-nullable-type-assertion-style': 'off',
        '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
        '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
        // Kernels walk several arrays with one index; a for-of over one of them would hide that.
        '@typescript-eslint/prefer-for-of': 'off',
        '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
        '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
        '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
        'no-restricted-syntax': [
          'error',
          {
            selector: 'ExportDefaultDeclaration',
            message: 'Export by name; only configuration files have a default export.',
          },
        ],
        // isolatedDeclarations wants written types on exports.
        '@typescript-eslint/no-inferrable-types': 'off',
        // A machine changes its state behind a call, which narrowing does not see.
        '@typescript-eslint/no-unnecessary-condition': 'off',
        // A trap unwinds a reference interpreter; building a stack trace for each would cost more than the step.
        '@typescript-eslint/only-throw-error': ['error', { allow: [{ from: 'file', name: ['Trap', 'Interrupt'] }] }],
        // Interpreters declare their scratch variables with a value of the right kind, once, outside the loop.
        'no-useless-assignment': 'off',
        eqeqeq: 'error',
        'no-console': 'error',
      },
    },
    { files: ['**/*.config.ts', '**/soak-runner.ts'], rules: { 'no-restricted-syntax': 'off' } },
    {
      files: ['packages/cli/**', 'tools/**', '**/bench/**', '**/examples/**'],
      rules: { 'no-console': 'off' },
    },
    {
      files: ['**/*.js', '**/*.mjs'],
      languageOptions: {
        globals: {
          process: 'readonly',
          console: 'readonly',
          URL: 'readonly',
          setInterval: 'readonly',
          clearInterval: 'readonly',
        },
      },
    },
  );
}
