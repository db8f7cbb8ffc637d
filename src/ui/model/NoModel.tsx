import { chooseBlackBox } from '../../state/blackBoxStore';
import { goTo } from '../../state/viewStore';
import { Button } from '../common/Button';
import { Empty } from '../common/Empty';
import { useOpeners } from '../drop/FileInputs';
import styles from './ModelView.module.css';

/** How a model comes here, while there is none. */
export function NoModel() {
  const { openFiles } = useOpeners();
  return (
    <Empty title="No model yet">
      <p>
        Drop a PyTorch state_dict (.pth, .pt), a .safetensors, an .onnx, a Keras (.keras, .h5) or a
        TensorFlow.js file. It is read as data: nothing in it is ever run.
      </p>
      <p className={styles.choices}>
        <Button onClick={openFiles}>Choose a file</Button>
        <Button onClick={() => goTo('lab')}>Make one in the attack lab</Button>
        <Button onClick={chooseBlackBox}>It gives only confidences</Button>
      </p>
    </Empty>
  );
}
