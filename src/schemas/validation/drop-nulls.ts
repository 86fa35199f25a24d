/** The parts of a JSON Schema that tell whether a member may be left out, and whether null has a meaning there. */
interface SchemaPart {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaPart[];
  readonly oneOf?: readonly SchemaPart[];
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaPart;
  readonly items?: SchemaPart;
}

/**
 * Deletes optional members that are null, where null is not a value of the schema: many languages send null for what is
 * absent. Returns whether there were any. Goes only as deep as the schema says.
 */
export const dropNulls = (schema: object, value: unknown): boolean => drop(schema, value);

function drop(schema: SchemaPart, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items !== undefined && value.map((item) => drop(items, item)).includes(true);
  }
  const members = value as Record<string, unknown>;
  const { required = [], properties = {}, additionalProperties } = schema;
  let hasDropped = false;
  // A client may send many more members than the schema names.
  const names = typeof additionalProperties === 'object' ? Object.keys(members) : Object.keys(properties);
  for (const name of names) {
    const own = schemaOf(schema, name);
    if (own === undefined || !Object.hasOwn(members, name)) continue;
    const member = members[name];
    if (member !== null) hasDropped = drop(own, member) || hasDropped;
    else if (!required.includes(name) && !allowsNull(own)) {
      delete members[name];
      hasDropped = true;
    }
  }
  return hasDropped;
}

function schemaOf({ properties, additionalProperties }: SchemaPart, name: string): SchemaPart | undefined {
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function allowsNull({ type, enum: values, anyOf, oneOf }: SchemaPart): boolean {
  if (type !== undefined) return [type].flat().includes('null');
  if (values !== undefined) return values.includes(null);
  const branches = anyOf ?? oneOf;
  return branches === undefined || branches.some(allowsNull);
}
