declare module 'tlsh' {
  /** The hash of bytes given as a string of their codes. @throws Error when they are too plain to have one */
  const tlsh: (data: string) => string
  export default tlsh
}
