import { useDeviceStore } from '../../state/deviceStore';
import { useDiagnosticsStore } from '../../state/diagnosticsStore';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import { formatBytes, formatCount } from '../common/format';
import { Facts } from './Facts';

/** What the studio makes use of where it is there. */
const FEATURES: readonly (readonly [string, string])[] = [
  ['shader-f16', '16-bit floats in shaders'],
  ['subgroups', 'Subgroup operations'],
  ['timestamp-query', 'GPU timestamps'],
];

const LIMITS: Readonly<Record<string, string>> = {
  maxBufferSize: 'Largest buffer',
  maxStorageBufferBindingSize: 'Largest binding',
  maxStorageBuffersPerShaderStage: 'Storage buffers a shader',
  maxComputeWorkgroupStorageSize: 'Workgroup memory',
  maxComputeInvocationsPerWorkgroup: 'Invocations a workgroup',
  maxComputeWorkgroupsPerDimension: 'Workgroups a dimension',
};

/** The graphics adapter, what it can do and how much fits it. */
export function AdapterCard() {
  const adapter = useDeviceStore((state) => state.adapter);
  const limits = useDiagnosticsStore((state) => state.report?.limits) ?? [];
  if (adapter === null) {
    return (
      <Card title="Adapter">
        <Empty title="No graphics adapter is open." />
      </Card>
    );
  }
  return (
    <Card title="Adapter" note={adapter.software ? 'computes on the CPU: right, but slow' : 'hardware'}>
      <Facts
        rows={[
          ['Name', adapter.name],
          ['Vendor', `${adapter.vendor} ${adapter.architecture}`.trim() || 'not told'],
          ...FEATURES.map(
            ([feature, name]) => [name, adapter.features.includes(feature) ? 'yes' : 'no'] as const,
          ),
          ...limits.map(({ name, value }) => [LIMITS[name] ?? name, limitText(name, value)] as const),
        ]}
      />
    </Card>
  );
}

function limitText(name: string, value: number): string {
  return /Size$/.test(name) ? formatBytes(value) : formatCount(value);
}
