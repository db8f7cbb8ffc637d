import { useEffect, useRef } from 'react';
import type { Commands } from '../state/commands';
import { useDeviceStore } from '../state/deviceStore';
import { useViewStore } from '../state/viewStore';
import styles from './App.module.css';
import { Banners } from './banners/Banners';
import { NoGpu } from './banners/NoGpu';
import { Boundary } from './common/Boundary';
import { CommandsProvider } from './common/CommandsContext';
import { CompareView } from './compare/CompareView';
import { DatasetView } from './dataset/DatasetView';
import { DiagnosticsView } from './diagnostics/DiagnosticsView';
import { DropLayer } from './drop/DropLayer';
import { FileInputs } from './drop/FileInputs';
import { ExportView } from './export/ExportView';
import { Footer } from './footer/Footer';
import { Header } from './header/Header';
import { InspectView } from './inspect/InspectView';
import { LabAnnouncer } from './lab/LabAnnouncer';
import { LabView } from './lab/LabView';
import { ModelView } from './model/ModelView';
import { Notices } from './notices/Notices';
import { Rail } from './rail/Rail';
import { RemapView } from './remap/RemapView';
import { useTheme } from './theme/useTheme';
import { TrainView } from './train/TrainView';
import { PhaseAnnouncer } from './train/PhaseAnnouncer';
import { TriggerView } from './trigger/TriggerView';
import { Welcome } from './welcome/Welcome';

/** The one page. */
export function App({ commands }: { readonly commands: Commands }) {
  useTheme();
  return (
    <CommandsProvider value={commands}>
      <FileInputs>
        <div className={styles.page}>
          <a className={styles.skip} href="#main">
            Skip to the panels
          </a>
          <Header />
          <Rail />
          <Main />
          <Footer />
        </div>
        <PhaseAnnouncer />
        <LabAnnouncer />
        <Notices />
        <DropLayer />
      </FileInputs>
    </CommandsProvider>
  );
}

function Main() {
  const step = useViewStore((state) => state.step);
  const status = useDeviceStore((state) => state.status);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    // In newer Chromes scrollTo gives a promise, which an effect must not return.
    void main.current?.scrollTo({ top: 0 });
  }, [step]);
  const noGpu = status === 'unsupported' || status === 'no-adapter';
  return (
    <main className={styles.main} id="main" ref={main} tabIndex={-1}>
      {noGpu ? (
        <NoGpu />
      ) : (
        <>
          <Banners />
          <Boundary key={step}>
            <View />
          </Boundary>
        </>
      )}
    </main>
  );
}

function View() {
  const step = useViewStore((state) => state.step);
  switch (step) {
    case 'welcome':
      return <Welcome />;
    case 'model':
      return <ModelView />;
    case 'images':
      return <DatasetView />;
    case 'lab':
      return <LabView />;
    case 'trigger':
      return <TriggerView />;
    case 'remap':
      return <RemapView />;
    case 'train':
      return <TrainView />;
    case 'inspect':
      return <InspectView />;
    case 'compare':
      return <CompareView />;
    case 'export':
      return <ExportView />;
    case 'diagnostics':
      return <DiagnosticsView />;
  }
}
