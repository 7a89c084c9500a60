# Passes for Emscripten's compiler where NumPy's build system is concerned: clang with Pyodide's flags, and a link
# always gives an extension module. The lines above this one set name, version, clang, wasm_ld, cflags and ldflags.
link=1 out= args=()
while [ $# -gt 0 ]; do
  case $1 in
    --version) echo "$name (Emscripten gcc/clang-like replacement) $version"; exit;;
    -Wl,--version) "$wasm_ld" --version; exit;;
    -c|-E|-S|-M|-MM|-fsyntax-only) link=0; args+=("$1");;
    -o) out=$2; args+=(-o "$2"); shift;;
    # Settings of Emscripten's own, libraries that Pyodide holds already, and ELF linkers' flags mean nothing here.
    -s[A-Z]*|-shared|-lm|-lpthread|-pthread|-Wl,--start-group|-Wl,--end-group|-Wl,--as-needed|-Wl,--no-as-needed|\
    -Wl,--no-undefined|-Wl,--allow-shlib-undefined|-Wl,-soname*|-Wl,-rpath*|-Wl,-O*) ;;
    *) args+=("$1");;
  esac
  shift
done
[ $link = 1 ] || exec "${clang[@]}" "${cflags[@]}" "${args[@]}"
case $out in
  *.so) module=${out##*/}; exported=--export=PyInit_${module%%.*};;
  # A program is one of the build system's probes: its unreachable code stays, so that a missing symbol is seen.
  *) exported=--no-gc-sections;;
esac
exec "${clang[@]}" "${cflags[@]}" "${ldflags[@]}" "-Wl,$exported" "${args[@]}"
