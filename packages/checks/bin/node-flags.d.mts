/** Flags that the command runs Node with. */
export declare const NODE_FLAGS: readonly string[];
