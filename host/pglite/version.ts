/** What plv8_version() answers. */
export const version = "3.2.0-pglite"
