import { readdirSync } from 'node:fs';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { SETTINGS } from '../../../src/config/settings.ts';
import { pathInProject, readInProject } from '../../helpers/local/pages.ts';

const FOLDER = 'deploy/kubernetes';

/** Each kind with its schema, and the type of its members. */
const KINDS = {
  'apps/v1/Deployment': { model: Deployment, type: 'kubernetes-models/apps/v1/Deployment' },
  'networking.k8s.io/v1/NetworkPolicy': {
    model: NetworkPolicy,
    type: 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy',
  },
  'policy/v1/PodDisruptionBudget': {
    model: PodDisruptionBudget,
    type: 'kubernetes-models/policy/v1/PodDisruptionBudget',
  },
  'v1/Namespace': { model: Namespace, type: 'kubernetes-models/v1/Namespace' },
  'v1/Secret': { model: Secret, type: 'kubernetes-models/v1/Secret' },
  'v1/Service': { model: Service, type: 'kubernetes-models/v1/Service' },
  'keda.sh/v1alpha1/ScaledObject': {
    model: ScaledObject,
    type: '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject',
  },
} as const;

interface Manifest {
  readonly file: string;
  readonly kind: keyof typeof KINDS;
  readonly value: Readonly<Record<string, unknown>>;
}

const manifests = readdirSync(pathInProject(FOLDER))
  .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
  .flatMap((file) =>
    parseAllDocuments(readInProject(`${FOLDER}/${file}`)).map((document): Manifest => {
      const value = document.toJS();
      return { file, kind: `${value.apiVersion}/${value.kind}` as Manifest['kind'], value };
    }),
  );

/** What the compiler says of the manifests as literals: of members that there are not, which a schema lets pass. */
function typeFaults(): string[] {
  const lines = manifests.map(({ kind, value }, i) => {
    const { type } = KINDS[kind];
    const name = kind.slice(kind.lastIndexOf('/') + 1);
    return `import type { I${name} as T${i} } from '${type}';\nexport const m${i}: T${i} = ${JSON.stringify(value)};`;
  });
  const file = pathInProject('test/system/operations/manifests.generated.ts');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, lines.join('\n'), ts.ScriptTarget.ES2023)
      : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the manifests for Kubernetes', () => {
  it.each(manifests)('$file: $kind keeps the schema of Kubernetes or KEDA', ({ kind, value }) => {
    const { model: Model } = KINDS[kind];
    expect(() => new Model(value as never).validate()).not.toThrow();
  });

  it('have only members that there are', () => {
    expect(typeFaults()).toEqual([]);
  });

  it('are all applied, but for the example of a Secret', () => {
    const { resources } = parse(readInProject(`${FOLDER}/kustomization.yaml`));
    const files = new Set(manifests.map(({ file }) => file));
    files.delete('secret.example.yaml');
    expect([...resources].sort()).toEqual([...files].sort());
  });

  const pods = manifests
    .filter(({ kind }) => kind === 'apps/v1/Deployment')
    .map(({ file, value }) => ({ file, pod: (value as never as DeploymentValue).spec.template }));

  it.each(pods)('$file runs without rights and with settings that there are', ({ pod }) => {
    const [container] = pod.spec.containers;
    expect(pod.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const known = Object.values(SETTINGS).map(({ variable }) => variable as string);
    for (const { name } of container?.env ?? []) expect(known).toContain(name.replace(/_FILE$/, ''));
  });

  it.each(pods)('$file has its probes and metrics on ports that it opens', ({ pod }) => {
    const [container] = pod.spec.containers;
    const ports = new Map(container?.ports.map(({ name, containerPort }) => [name, containerPort]));
    const probes = [container?.livenessProbe, container?.startupProbe, container?.readinessProbe];
    expect(probes.map((probe) => probe?.httpGet.path)).toEqual(['/livez', '/livez', '/readyz']);
    for (const probe of probes) expect([...ports.keys()]).toContain(probe?.httpGet.port);
    expect([...ports.values()].map(String)).toContain(pod.metadata.annotations['prometheus.io/port']);
    const grace = parse(readInProject(`${FOLDER}/kustomization.yaml`)).configMapGenerator[0].literals[0];
    const [, graceMs] = /^SHUTDOWN_GRACE_MS=(\d+)$/.exec(grace) ?? [];
    expect(pod.spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(Number(graceMs) + 5_000);
  });
});

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface DeploymentValue {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: {
        readonly securityContext: object;
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly env: readonly { readonly name: string }[];
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly securityContext: object;
          readonly livenessProbe: Probe;
          readonly readinessProbe: Probe;
          readonly startupProbe: Probe;
        }[];
      };
    };
  };
}
