import type { GraphBuilder } from '../graph/graphBuilder';
import { asList, asNumber, asObject, asText, type Json, type JsonObject } from './json';
import { LayerContext } from './layerContext';
import { LAYERS } from './layers';
import type { LayerPlace, WeightSource } from './weightSource';

/** Models inside models; published ones nest twice. */
const MAX_NESTING = 16;
const MODELS = new Set(['Functional', 'Model', 'Sequential', 'ModuleWrapper']);

interface Scope {
  readonly builder: GraphBuilder;
  readonly source: WeightSource;
  readonly keras3: boolean;
  /** Of the models around the present one. */
  readonly outer: readonly LayerPlace[];
}

interface ParsedLayer {
  readonly name: string;
  readonly className: string;
  readonly config: JsonObject;
  readonly inbound: readonly Json[];
}

/**
 * Adds the network of a Keras `model_config` (`{class_name, config}`) to the builder: Keras 2's and 3's forms alike, models
 * inside models unfolded. Nothing in it is run.
 *
 * @returns the model's name and its output's node.
 * @throws StudioError `format/unsupported` naming a layer that is not known (Lambda and custom layers among them),
 * `format/malformed` for a description that does not hold together.
 */
export function addTopology(
  builder: GraphBuilder,
  source: WeightSource,
  model: Json,
  keras3: boolean,
): { readonly name: string; readonly output: number } {
  const { className, config } = modelOf(builder, model);
  const scope: Scope = { builder, source, keras3, outer: [] };
  const output = addModel(scope, className, config, null);
  return { name: asText(asObject(config)?.['name']) ?? className, output };
}

function modelOf(builder: GraphBuilder, model: Json): { className: string; config: Json } {
  const object = asObject(model);
  const className = asText(object?.['class_name']);
  const config = object?.['config'];
  if (className === null || config === undefined)
    throw builder.malformed('holds no description of a Keras model');
  if (!MODELS.has(className))
    throw builder.unsupported(
      `holds a model of the class ${className}, whose code is not in the file; only Sequential and Functional models describe themselves`,
    );
  return { className, config };
}

/** @param input the node given to a nested model; null for the outermost one, which brings its own. */
function addModel(scope: Scope, className: string, config: Json, input: number | null): number {
  if (scope.outer.length > MAX_NESTING)
    throw scope.builder.malformed(`nests models more than ${MAX_NESTING} deep`);
  const object = asObject(config);
  const entries = asList(object?.['layers']) ?? asList(config);
  if (entries === null || entries.length === 0)
    throw scope.builder.malformed('describes a model without layers');
  const layers = entries.map((entry) => parseLayer(scope.builder, entry));
  // Calls of models inside models multiply, and a model may add no node of its own.
  scope.builder.count(layers.reduce((sum, { inbound }) => sum + Math.max(1, inbound.length), 0));
  return className === 'Sequential'
    ? addSequential(scope, layers, object, input)
    : new FunctionalModel(scope, layers, object ?? {}, input).output();
}

function parseLayer(builder: GraphBuilder, entry: Json): ParsedLayer {
  const object = asObject(entry);
  const config = asObject(object?.['config']);
  const className = asText(object?.['class_name']);
  if (config === null || className === null)
    throw builder.malformed('lists a layer without a class or settings');
  const name = asText(object?.['name']) ?? asText(config['name']) ?? className;
  return {
    name,
    className: className.replace(/^.*>/, ''),
    config,
    inbound: asList(object?.['inbound_nodes']) ?? [],
  };
}

/** The input shape that a layer or model gives: Keras 3's `batch_shape`, Keras 2's `batch_input_shape`. */
function batchShape(config: JsonObject): readonly (number | null)[] | null {
  for (const key of ['batch_shape', 'batch_input_shape', 'build_input_shape', 'input_shape']) {
    const list = asList(config[key]);
    if (list !== null && list.length > 0) {
      const sides = list.map((side) => asNumber(side));
      return key === 'input_shape' ? sides : sides.slice(1);
    }
  }
  return null;
}

function addSequential(
  scope: Scope,
  layers: readonly ParsedLayer[],
  config: JsonObject | null,
  input: number | null,
): number {
  const { builder } = scope;
  let value = input;
  for (const layer of layers) {
    if (layer.className === 'InputLayer') {
      value ??= builder.addInput(layer.name, batchShape(layer.config) ?? []);
      continue;
    }
    if (value === null) {
      const inner = asObject(asList(layer.config['layers'])?.[0])?.['config'];
      const nested = MODELS.has(layer.className) ? asObject(inner) : null;
      const shape =
        batchShape(layer.config) ?? (nested && batchShape(nested)) ?? (config && batchShape(config));
      if (!shape)
        throw builder.malformed('does not say how large its images are: it was saved before it was built');
      value = builder.addInput('input', shape);
    }
    value = addLayer(scope, layers, layer, [value]);
  }
  if (value === null) throw builder.malformed('describes a model without layers');
  return value;
}

function addLayer(
  scope: Scope,
  siblings: readonly ParsedLayer[],
  layer: ParsedLayer,
  inputs: readonly number[],
): number {
  const { builder, source, keras3, outer } = scope;
  const path = [...outer, { name: layer.name, className: layer.className, siblings }];
  if (MODELS.has(layer.className)) {
    const [input] = inputs;
    if (input === undefined || inputs.length !== 1)
      throw builder.unsupported(
        `calls the model ${layer.name} inside it with ${inputs.length} inputs, which is not supported`,
      );
    return addModel({ ...scope, outer: path }, layer.className, layer.config, input);
  }
  const make = Object.hasOwn(LAYERS, layer.className) ? LAYERS[layer.className] : undefined;
  if (make === undefined) {
    const why = /^(Lambda|TFOpLambda|SlicingOpLambda)$/.test(layer.className)
      ? 'which stands for code; code in a file is never run'
      : 'which the studio does not know';
    throw builder.unsupported(`uses the layer ${layer.name} (${layer.className}), ${why}`);
  }
  const full = path.map(({ name }) => name).join('/');
  const context = new LayerContext(
    builder,
    full,
    layer.className,
    layer.config,
    keras3,
    source.weightsOf(path),
  );
  return make(context, inputs);
}

/** A Functional model: every layer's calls, each computed when something asks for it. */
class FunctionalModel {
  private readonly byName = new Map<string, ParsedLayer>();
  /** By layer and call. */
  private readonly done = new Map<string, number>();
  private readonly open = new Set<string>();
  /** What a layer's first call is called, where it is not 0. */
  private readonly first: ReadonlyMap<string, number>;

  constructor(
    private readonly scope: Scope,
    private readonly layers: readonly ParsedLayer[],
    private readonly config: JsonObject,
    private readonly input: number | null,
  ) {
    for (const layer of layers) {
      if (this.byName.has(layer.name)) throw scope.builder.malformed(`lists two layers named ${layer.name}`);
      this.byName.set(layer.name, layer);
    }
    this.first = firstCalls(layers, config);
  }

  output(): number {
    const { builder } = this.scope;
    // Layers in their own order first: most files list them as they are computed, so that little is nested on the stack.
    const outputs = references(this.config['output_layers']);
    const [first] = outputs;
    if (first === undefined) throw builder.malformed('names no output');
    const inputs = references(this.config['input_layers']);
    if (inputs.length > 1)
      throw builder.unsupported(`has ${inputs.length} inputs; a classifier of images has one`);
    return this.resolve(first);
  }

  /** The node of one call of a layer, with everything before it; iterative, as networks are deep. */
  private resolve(target: Reference): number {
    const { builder } = this.scope;
    const stack: Reference[] = [target];
    while (stack.length > 0) {
      const top = stack.at(-1);
      if (top === undefined) break;
      const key = keyOf(top);
      if (this.done.has(key)) {
        stack.pop();
        continue;
      }
      const needs = this.inputsOf(top);
      const missing = needs.filter((need) => !this.done.has(keyOf(need)));
      if (missing.length === 0) {
        this.done.set(key, this.compute(top, needs));
        this.open.delete(key);
        stack.pop();
        continue;
      }
      if (this.open.has(key)) throw builder.malformed(`connects the layer ${top.layer} in a circle`);
      this.open.add(key);
      for (const need of missing)
        if (this.open.has(keyOf(need)))
          throw builder.malformed(`connects the layer ${need.layer} in a circle`);
      for (const need of missing) stack.push(need);
    }
    return this.done.get(keyOf(target)) ?? 0;
  }

  private inputsOf({ layer, call }: Reference): readonly Reference[] {
    const { builder } = this.scope;
    const parsed = this.byName.get(layer);
    if (parsed === undefined) throw builder.malformed(`uses a layer ${layer} that it does not describe`);
    if (parsed.className === 'InputLayer') return [];
    const node = parsed.inbound[call - (this.first.get(layer) ?? 0)];
    const needs = node === undefined ? [] : callReferences(node);
    if (needs.length === 0) throw builder.malformed(`gives the layer ${layer} no input`);
    for (const { tensor } of needs)
      if (tensor !== 0)
        throw builder.unsupported(`uses a second output of a layer in ${layer}, which is not supported`);
    return needs;
  }

  private compute(target: Reference, needs: readonly Reference[]): number {
    const { builder } = this.scope;
    const layer = this.byName.get(target.layer);
    if (layer === undefined)
      throw builder.malformed(`uses a layer ${target.layer} that it does not describe`);
    if (layer.className === 'InputLayer')
      return this.input ?? builder.addInput(layer.name, batchShape(layer.config) ?? []);
    const inputs = needs.map((need) => this.done.get(keyOf(need)) ?? 0);
    return addLayer(this.scope, this.layers, layer, inputs);
  }
}

/**
 * Keras and TensorFlow.js count a nested model's calls from 1, as the model itself is its call 0; files that count them from 0 are
 * known by naming that one.
 */
function firstCalls(layers: readonly ParsedLayer[], config: JsonObject): ReadonlyMap<string, number> {
  const named = [
    ...layers.flatMap(({ inbound }) => inbound.flatMap(callReferences)),
    ...references(config['output_layers']),
  ];
  const fromZero = new Set(named.filter(({ call }) => call === 0).map(({ layer }) => layer));
  return new Map(
    layers
      .filter(({ name, className }) => MODELS.has(className) && !fromZero.has(name))
      .map(({ name }) => [name, 1]),
  );
}

/** One output of one call of a layer. */
interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

function keyOf({ layer, call }: Reference): string {
  return `${call} ${layer}`;
}

/** `[name, call, tensor, ...]`, or null. */
function reference(value: Json | undefined): Reference | null {
  const [layer, call, tensor] = asList(value) ?? [];
  const name = asText(layer);
  const index = asNumber(call);
  if (name === null || index === null || !Number.isInteger(index) || index < 0) return null;
  return { layer: name, call: index, tensor: asNumber(tensor) ?? 0 };
}

/** A model's inputs or outputs: a list of references, one alone (Keras 3), or a table of them. */
function references(value: Json | undefined): readonly Reference[] {
  const one = reference(value);
  if (one !== null) return [one];
  const many = asList(value) ?? Object.values(asObject(value) ?? {});
  return many.flatMap((entry) => references(entry));
}

/** What one call of a layer is given: Keras 2's list of references, Keras 3's `args` with tensors in them. */
function callReferences(node: Json): readonly Reference[] {
  const object = asObject(node);
  if (object === null) return references(node);
  const found: Reference[] = [];
  const visit = (value: Json): void => {
    const list = asList(value);
    if (list !== null) return list.forEach(visit);
    const tensor = asObject(value);
    if (tensor?.['class_name'] !== '__keras_tensor__') return;
    const history = reference(asObject(tensor['config'])?.['keras_history']);
    if (history !== null) found.push(history);
  };
  visit(object['args'] ?? []);
  return found;
}
